import type { QueuePublisher } from '@mitosis/queue';
import type { DataSource } from 'typeorm';
import { toDelivery } from './reserve-window.js';

type Row = Parameters<typeof toDelivery>[0];

/**
 * Puts jobs on the queue that should be there and are not: the queue was wiped, or a replica died
 * between the commit and the hand-over. Young ones are left alone, they may be on their way.
 * Answers how many were missing.
 */
export async function sweepQueue(dataSource: DataSource, publisher: QueuePublisher, queue: string): Promise<number> {
  const rows = (await dataSource.query(
    `SELECT id, dispatch, priority, name FROM tasks
     WHERE queue = $1 AND state = 'ready' AND dispatched_at < clock_timestamp() - interval '2 seconds'
     ORDER BY priority DESC, seq LIMIT 10000`,
    [queue],
  )) as Row[];
  if (rows.length === 0) return 0;
  const deliveries = rows.map(toDelivery);
  const missing = new Set(await publisher.missing(queue, deliveries.map(({ jobId }) => jobId)));
  await publisher.publish(queue, deliveries.filter(({ jobId }) => missing.has(jobId)));
  return missing.size;
}
