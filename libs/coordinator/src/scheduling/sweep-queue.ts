import type { DataSource } from 'typeorm';
import type { QueuePublisher } from '@mitosis/queue';
import type { HandOver } from './hand-over.js';
import { toDelivery } from './reserve-window.js';

type Row = Parameters<typeof toDelivery>[0];

export interface SweepDeps {
  readonly dataSource: DataSource;
  readonly publisher: QueuePublisher;
  readonly handOver: Pick<HandOver, 'publish'>;
}

export interface QueueSweep {
  /** Jobs that were not there and were put on the queue again. */
  readonly missing: number;
  /** Jobs that a worker has and has not claimed yet: to be passed to the next sweep. */
  readonly taken: ReadonlySet<string>;
  /** Tasks to be handed over again: their workers had the jobs for a whole time between two sweeps. */
  readonly abandoned: number;
}

/**
 * Puts jobs on the queue that should be there and are not: the queue was wiped, or a replica died
 * between the commit and the hand-over. Young ones are left alone, they may be on their way.
 *
 * A worker claims a job at once. One that died before it did would keep the job until its lock runs
 * out, up to a minute: a job that was taken at the last sweep (`takenBefore`) and is still not
 * claimed is handed over again. Should both workers claim it in the end, the first one gets it.
 */
export async function sweepQueue(
  { dataSource, publisher, handOver }: SweepDeps,
  queue: string,
  takenBefore: ReadonlySet<string>,
): Promise<QueueSweep> {
  const rows = (await dataSource.query(
    `SELECT id, dispatch, priority, name FROM tasks
     WHERE queue = $1 AND state = 'ready' AND dispatched_at < clock_timestamp() - interval '2 seconds'
     ORDER BY priority DESC, seq LIMIT 10000`,
    [queue],
  )) as Row[];
  if (rows.length === 0) return { missing: 0, taken: new Set(), abandoned: 0 };
  const deliveries = rows.map(toDelivery);
  const jobIds = deliveries.map(({ jobId }) => jobId);
  const missing = new Set(await publisher.missing(queue, jobIds));
  const taken = new Set(await publisher.taken(queue, jobIds));
  await handOver.publish(
    queue,
    deliveries.filter(({ jobId }) => missing.has(jobId)),
  );
  const abandoned = deliveries.filter(({ jobId }) => taken.has(jobId) && takenBefore.has(jobId));
  if (abandoned.length > 0) {
    await dataSource.query(
      `UPDATE tasks t SET dispatched_at = NULL FROM unnest($1::uuid[], $2::int[]) AS a(id, dispatch)
       WHERE t.id = a.id AND t.dispatch = a.dispatch AND t.state = 'ready'`,
      [abandoned.map(({ taskId }) => taskId), abandoned.map(({ dispatch }) => dispatch)],
    );
  }
  return { missing: missing.size, taken, abandoned: abandoned.length };
}
