import type { JobsOptions } from 'bullmq';
import { cutText, MitoError, storableText } from '@mitosis/domain';
import type { Delivery } from './delivery.js';

/** Finished jobs kept per queue, for the board; on PostgreSQL a few dozen more. */
export const HISTORY_COUNT = 100;

/** Events kept per queue, roughly; nobody but the board reads them. */
export const EVENTS_MAX = 100;

const PRIORITY_MAX = 1000;
const NAME_MAX = 200;

/** A delivery in the form of `Queue.addBulk`. */
export interface BullJob {
  readonly name: string;
  readonly data: { readonly taskId: string; readonly dispatch: number; readonly priority: number };
  readonly opts: JobsOptions;
}

/**
 * Every job gets a BullMQ priority: lower is earlier there, first in first out among equals, and 0
 * would pass all others.
 */
export function bullPriority(priority: number): number {
  const bounded = Math.max(-PRIORITY_MAX, Math.min(PRIORITY_MAX, Math.round(priority)));
  return PRIORITY_MAX + 1 - bounded;
}

export function bullJob(delivery: Delivery): BullJob {
  const { jobId, taskId, dispatch, priority } = delivery;
  if (jobId !== `${taskId}-${dispatch}`) {
    throw new MitoError('invalid', 'invalid_delivery', `"${jobId}" is not "<taskId>-<dispatch>"`);
  }
  return {
    name: cutText(storableText(delivery.name), NAME_MAX),
    data: { taskId, dispatch, priority },
    opts: {
      jobId,
      priority: bullPriority(priority),
      attempts: 1,
      removeOnComplete: { count: HISTORY_COUNT },
      removeOnFail: { count: HISTORY_COUNT },
    },
  };
}

/** The delivery in a job's data, or undefined when somebody else wrote the job. */
export function parseDelivery(jobId: string, name: string, data: string): Delivery | undefined {
  const value = parseObject(data);
  const { taskId, dispatch, priority } = value;
  if (typeof taskId !== 'string' || typeof dispatch !== 'number' || typeof priority !== 'number') return undefined;
  if (jobId !== `${taskId}-${dispatch}`) return undefined;
  return { jobId, taskId, dispatch, priority, name };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
