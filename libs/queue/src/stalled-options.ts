import type { ConsumerOptions } from './queue-backend.js';

const DEFAULT_MS = 30_000;

/** Never reached: BullMQ shall redeliver for ever, Postgres counts the workers that a task lost. */
const STALLED_MAX = 1_000_000;

/** BullMQ's settings for locks and for finding those that ran out. */
export function stalledOptions({ lockMs, sweepMs }: Pick<ConsumerOptions, 'lockMs' | 'sweepMs'>): {
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
} {
  return {
    lockDuration: lockMs ?? DEFAULT_MS,
    // Queues are checked by every consumer's sweep; this keeps those of a whole fleet apart.
    stalledInterval: Math.max(Math.round((sweepMs ?? DEFAULT_MS) / 2), 100),
    maxStalledCount: STALLED_MAX,
  };
}
