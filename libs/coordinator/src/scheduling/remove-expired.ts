import type { DataSource } from 'typeorm';

const BATCH = 5_000;
const KEPT = `interval '30 days'`;

/**
 * What nobody asks for, by table: idempotency keys 30 days after their request, except those of a submission
 * that is unfinished (its own and those of its parts, see `partKey` of the client), and logins 30 days after they have
 * ended.
 */
const EXPIRED = {
  idempotency_keys: `created_at < now() - ${KEPT} AND NOT EXISTS (
    SELECT 1 FROM jobs j WHERE j.is_open AND j.creator_id = x.user_id AND j.idempotency_key IS NOT NULL
      AND (x.key = j.idempotency_key OR starts_with(x.key, j.idempotency_key || '#')
        OR starts_with(x.key, encode(sha256(convert_to(j.idempotency_key, 'UTF8')), 'hex') || '#')))`,
  sessions: `expires_at < now() - ${KEPT}`,
} as const;

/** Removes rows that have expired, a bounded number at a time so that nobody waits for it. Returns how many. */
export async function removeExpired(dataSource: Pick<DataSource, 'query'>): Promise<number> {
  let total = 0;
  for (const [table, condition] of Object.entries(EXPIRED)) {
    for (let removed = BATCH; removed === BATCH; total += removed) {
      [, removed] = (await dataSource.query(
        `DELETE FROM ${table} WHERE ctid IN (SELECT x.ctid FROM ${table} x
          WHERE ${condition} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
      )) as [unknown[], number];
    }
  }
  return total;
}
