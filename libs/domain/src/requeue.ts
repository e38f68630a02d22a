import { invalidField } from './errors.js';

/** Ends of an attempt, besides exit codes, after which a task can ask to be run again. */
export const REQUEUE_CAUSES = ['timeout', 'lost'] as const;
export type RequeueCause = (typeof REQUEUE_CAUSES)[number];

/** `timeout`, `lost`, or an exit code that means "not done, run me again". */
export type RequeueOn = RequeueCause | number;

/** How often a task is run again because it asked for it, unless it says another number. */
export const REQUEUES_DEFAULT = 100;

/** One item of `--requeue-on`. Throws `invalid_request` naming `field`. */
export function parseRequeueOn(text: string, field: string): RequeueOn {
  const cause = REQUEUE_CAUSES.find((each) => each === text);
  if (cause !== undefined) return cause;
  const code = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (code >= 1 && code <= 255) return code;
  throw invalidField(field, `"${text}" is neither ${REQUEUE_CAUSES.join(' nor ')} nor an exit code from 1 to 255`);
}
