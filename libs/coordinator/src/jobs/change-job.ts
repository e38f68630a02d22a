import type { DataSource, EntityManager } from 'typeorm';
import type { ChangeJob, JobView } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { jobKey } from '../kernel/job-key.js';
import { inTransaction } from '../kernel/transaction.js';
import type { JobReader } from './read-jobs.js';

export interface JobLimitDeps {
  readonly dataSource: DataSource;
  /** Called with the queues of tasks that may be let through now. */
  onReady(queues: ReadonlySet<string>): void;
  /** Called with a job that may have more failed tasks than it is allowed. */
  onMaxFails(job: string): void;
}

export interface ChangeJobDeps extends JobLimitDeps {
  readonly reader: JobReader;
}

/** Rows that one statement changes. */
const BATCH = 10_000;

/** Tasks without the key of their job get it, and what waits is let through again, as far as there is room. */
const BOUND = `
  UPDATE tasks SET limits = limits || jsonb_build_object($2::text, 1), is_gated = state <> 'running',
    dispatched_at = NULL
  WHERE id IN (
    SELECT id FROM tasks WHERE job_id = $1 AND state IN ('pending', 'ready', 'running')
      AND (NOT limits ? $2 OR (state <> 'running' AND NOT is_gated))
    ORDER BY id LIMIT ${BATCH} FOR NO KEY UPDATE)
  RETURNING queue`;

/** Makes the tasks of a job obey its `at_once`, also those that were stored before. Running tasks continue. */
async function boundJob(dataSource: DataSource, job: string, groupId: string): Promise<void> {
  const key = jobKey(job);
  for (let count = BATCH; count === BATCH;) {
    count = await inTransaction(dataSource, async (tx) => {
      // As the gate does: it must not count what is just being taken back.
      await tx.query('SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE', [groupId]);
      return ((await tx.query(BOUND, [job, key])) as [unknown[], number])[1];
    });
  }
}

async function queuesOf(dataSource: DataSource, job: string): Promise<Set<string>> {
  const rows = (await dataSource.query(`SELECT DISTINCT queue FROM tasks WHERE job_id = $1 AND state = 'ready'`, [
    job,
  ])) as { queue: string }[];
  return new Set(rows.map(({ queue }) => queue));
}

/** Limits of a job; null lifts one, undefined leaves it. */
export type JobLimits = Pick<ChangeJob, 'at_once' | 'max_fails'>;

/** Stores limits of a job in `tx`; true when they have changed. */
export async function storeJobLimits(tx: EntityManager, job: string, limits: JobLimits): Promise<boolean> {
  const [rows] = (await tx.query(
    `UPDATE jobs j SET at_once = CASE WHEN $2 THEN $3::int ELSE j.at_once END,
       max_fails = CASE WHEN $4 THEN $5::int ELSE j.max_fails END
     FROM jobs o WHERE j.id = $1 AND o.id = j.id
     RETURNING (j.at_once, j.max_fails) IS DISTINCT FROM (o.at_once, o.max_fails) AS is_changed`,
    [job, limits.at_once !== undefined, limits.at_once, limits.max_fails !== undefined, limits.max_fails],
  )) as [{ is_changed: boolean }[], number];
  return rows[0]?.is_changed === true;
}

/** Makes limits of a job take effect that are stored, and committed. It may be repeated. */
export async function applyJobLimits(
  { dataSource, onReady, onMaxFails }: JobLimitDeps,
  { job, groupId }: { readonly job: string; readonly groupId: string },
  limits: JobLimits,
): Promise<void> {
  if (typeof limits.at_once === 'number') await boundJob(dataSource, job, groupId);
  if (limits.at_once !== undefined) onReady(await queuesOf(dataSource, job));
  if (typeof limits.max_fails === 'number') onMaxFails(job);
}

/** Changes the limits of a job while it runs. Throws `job_not_found`, `role_required`. */
export function changeJobWith(deps: ChangeJobDeps) {
  const { dataSource, reader } = deps;
  return async (actor: UserActor, uuid: string, change: ChangeJob): Promise<JobView> => {
    const { group_id: groupId } = await reader.row(actor, uuid, 'task.manage');
    await inTransaction(dataSource, async (tx) => {
      await storeJobLimits(tx, uuid, change);
      await recordRequest(tx, `job ${uuid}`, { ...change });
    });
    // Also when it was so before: a request that was interrupted is finished by its repetition.
    await applyJobLimits(deps, { job: uuid, groupId }, change);
    return reader.get(actor, uuid);
  };
}
