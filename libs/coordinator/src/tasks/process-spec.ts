import type { SubmitTask } from '@mitosis/protocol';

export type ProcessSpec = Partial<
  Pick<SubmitTask, 'code' | 'secrets' | 'env_setup' | 'warn_before_ms' | 'warn_signal' | 'checkpoint_every_ms'>
>;

/** What of a submission becomes part of the stored spec besides the command. */
export function processSpecOf({
  code,
  secrets,
  env_setup,
  warn_before_ms,
  warn_signal,
  checkpoint_every_ms,
}: SubmitTask): ProcessSpec {
  return {
    ...(code && { code }),
    ...(secrets && secrets.length > 0 && { secrets: [...new Set(secrets)] }),
    ...(env_setup !== undefined && { env_setup }),
    ...(warn_before_ms !== undefined && { warn_before_ms }),
    ...(warn_signal !== undefined && { warn_signal }),
    ...(checkpoint_every_ms !== undefined && { checkpoint_every_ms }),
  };
}
