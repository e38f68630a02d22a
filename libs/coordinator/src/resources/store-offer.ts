import type { DataSource } from 'typeorm';
import type { AttemptRef, FromWorker } from '@mitosis/protocol';

type OfferMessage = Extract<FromWorker, { type: 'offer' }>;

/** Stores what a worker offers. Until the first decision about its machine, something there may be held. */
export async function storeOffer(
  dataSource: DataSource,
  workerId: string,
  { machine, place, offer, enforces }: OfferMessage,
): Promise<void> {
  await dataSource.query(
    `UPDATE workers SET machine = $2, place = $3, offer = $4, enforces = $5,
       is_shared = EXISTS (SELECT 1 FROM holdings WHERE machine = $2)
         OR EXISTS (SELECT 1 FROM reservations r JOIN workers k ON k.id = r.worker_id WHERE k.machine = $2)
     WHERE id = $1`,
    [workerId, machine, place, JSON.stringify(offer), JSON.stringify(enforces)],
  );
}

const FREE = `
  DELETE FROM holdings h USING workers w, attempts a
  WHERE w.id = $1 AND h.place = w.place AND a.task_id = h.task_id AND a.number = h.attempt AND a.ended_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM unnest($2::uuid[], $3::int[]) AS r(task_id, number)
      WHERE r.task_id = h.task_id AND r.number = h.attempt)`;

/**
 * Frees what attempts held that have ended: the worker in their folder says that no process is left of any but
 * `holding`. Returns how many.
 */
export async function freeHoldings(
  dataSource: DataSource,
  workerId: string,
  holding: readonly AttemptRef[],
): Promise<number> {
  const [, count] = (await dataSource.query(FREE, [
    workerId,
    holding.map(({ task }) => task),
    holding.map(({ attempt }) => attempt),
  ])) as [unknown, number];
  return count;
}
