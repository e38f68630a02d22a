import { invalidField, splitArray, SWEEP_MAX } from '@mitosis/domain';
import type { CreateJobInput } from '@mitosis/protocol';
import { parseWithin } from './task-options.js';

export const AT_ONCE = 'how many of its tasks run at a time';
export const MAX_FAILS = 'when more tasks than this have failed, cancel the rest of the job; 0: at the first one';

/** The limits of a job, as they were typed. */
export interface JobLimitOptions {
  readonly array?: string | undefined;
  readonly atOnce?: string | undefined;
  readonly maxFails?: string | undefined;
}

type JobLimits = Pick<CreateJobInput, 'at_once' | 'max_fails'>;

export const parseAtOnce = (text: string): number => parseWithin(text, '--at-once', [1, SWEEP_MAX]);
export const parseMaxFails = (text: string): number => parseWithin(text, '--max-fails', [0, SWEEP_MAX]);

/** What is said by --at-once, --max-fails and the `%20` of --array. */
export function parseJobLimits({ array, atOnce, maxFails }: JobLimitOptions): JobLimits {
  const ofArray = array === undefined ? undefined : splitArray(array).atOnce;
  if (ofArray !== undefined && atOnce !== undefined)
    throw invalidField('--at-once', `--array ${array} says how many run at a time, too; use one of the two`);
  const max = ofArray ?? (atOnce === undefined ? undefined : parseAtOnce(atOnce));
  return {
    ...(max !== undefined && { at_once: max }),
    ...(maxFails !== undefined && { max_fails: parseMaxFails(maxFails) }),
  };
}

/** Throws for limits of a job where there is none to be made; `what` says what to do. */
export function assertNoJobLimits(limits: JobLimits, what: string): void {
  if (limits.at_once !== undefined) throw invalidField('--at-once', what);
  if (limits.max_fails !== undefined) throw invalidField('--max-fails', what);
}
