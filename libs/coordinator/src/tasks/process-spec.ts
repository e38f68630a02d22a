import type { SubmitTask } from '@mitosis/protocol';

export type ProcessSpec = Partial<Pick<SubmitTask, 'code'>>;

/** What of a submission becomes part of the stored spec besides the command. */
export function processSpecOf({ code }: SubmitTask): ProcessSpec {
  return { ...(code && { code }) };
}
