import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { LimitsInForce, type FailureReason, type TaskKind, type TaskLimits, type TaskState } from '@mitosis/domain';
import type { TaskResource } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { assertInputs } from '../files/task-inputs.js';
import type { GroupRow } from '../groups/find-group.js';
import { assertRoomInQueue } from '../groups/queue-quota.js';
import { withJobKey } from '../kernel/job-key.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { inTransaction } from '../kernel/transaction.js';
import { assertPrograms } from '../programs/assert-programs.js';
import { groupFor, type Accepted } from '../tasks/accept-tasks.js';
import { settleDependents } from '../tasks/settle-dependents.js';
import { noteStored } from '../tasks/stored-tasks.js';
import type { JobReader } from './read-jobs.js';

export interface RetryFailedDeps {
  readonly dataSource: DataSource;
  readonly reader: JobReader;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  /** Called after the commit. */
  onAccepted(accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>): void;
}

interface FailedRow {
  readonly id: string;
  readonly reason: FailureReason | null;
  readonly groupId: string;
  /** Of its program, when it runs one. */
  readonly sha256: string | null;
  readonly resources: readonly TaskResource[];
}

/**
 * A task that is submitted again: the same spec, the same place in the job, the caller as its creator, and within the
 * current time limit.
 */
const COPY = `
  WITH pairs AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS p(old uuid, new uuid)
  ), added AS (
    INSERT INTO tasks (id, group_id, creator_id, queue, name, state, spec, tags, labels, priority, timeout_ms, retries,
      retry_delay_ms, retry_exit_codes, requeue_on, requeues_max, limits, needs, is_gated, job_id,
      job_index, upstream_id, is_confined)
    SELECT p.new, t.group_id, $2, t.queue, t.name,
      CASE WHEN EXISTS (SELECT 1 FROM dependencies d WHERE d.task_id = t.id) THEN 'pending' ELSE 'ready' END,
      t.spec, t.tags, t.labels, t.priority, least(t.timeout_ms, $4), t.retries, t.retry_delay_ms, t.retry_exit_codes,
      t.requeue_on, t.requeues_max,
      ${withJobKey('t', 'j')}, t.needs, ${withJobKey('t', 'j')} <> '{}', t.job_id, t.job_index, t.upstream_id,
      t.is_confined OR $3
    FROM pairs p JOIN tasks t ON t.id = p.old JOIN jobs j ON j.id = t.job_id ORDER BY t.job_index
    RETURNING id, seq, group_id, creator_id, job_id, name, tags, labels, priority, spec, state, queue
  ), searched AS (
    INSERT INTO task_search (seq, task_id, group_id, creator_id, job_id, name, tags, labels, priority, words)
    SELECT a.seq, a.id, a.group_id, a.creator_id, a.job_id, a.name, a.tags, a.labels, a.priority,
      mito_words(concat_ws(' ', a.name, (SELECT string_agg(w, ' ') FROM jsonb_array_elements_text(a.spec -> 'args') w)))
    FROM added a
  )
  SELECT id AS task, state, queue, group_id AS group, job_id AS job, 0 AS "delayMs" FROM added`;

/** A dependency within the copied tasks is on the copy; any other stays. */
const COPY_EDGES = `
  WITH pairs AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS p(old uuid, new uuid)
  ), edges AS (
    INSERT INTO dependencies (task_id, on_id, on_kind, condition)
    SELECT p.new, coalesce(q.new, d.on_id), d.on_kind, d.condition
    FROM pairs p JOIN dependencies d ON d.task_id = p.old LEFT JOIN pairs q ON q.old = d.on_id
    RETURNING task_id, on_id, on_kind
  ), counted AS (
    UPDATE tasks t SET waits_for = e.count FROM (SELECT task_id, count(*)::int AS count FROM edges GROUP BY task_id) e
    WHERE t.id = e.task_id
  )
  SELECT DISTINCT on_id AS id FROM edges WHERE on_kind = 'task'`;

/** A retry passes the checks of any submission: the role for its kind, a group that is not locked, the quota. */
async function assertAccepted(
  tx: EntityManager,
  actor: UserActor,
  { name, failed }: { readonly name: string; readonly failed: readonly FailedRow[] },
): Promise<GroupRow | undefined> {
  const kinds = new Set(failed.map(({ sha256 }): TaskKind => (sha256 === null ? 'command' : 'wasm')));
  let group: GroupRow | undefined;
  for (const kind of kinds) {
    group = await groupFor(tx, actor, { name, kind });
    if (kind === [...kinds].at(-1)) await assertRoomInQueue(tx, group, failed.length);
  }
  return group;
}

async function copy(
  tx: EntityManager,
  actor: UserActor,
  failed: readonly FailedRow[],
  longestMs: number | null,
): Promise<SettledTask[]> {
  const pairs = JSON.stringify(failed.map(({ id }) => ({ old: id, new: uuidv7() })));
  const added = (await tx.query(COPY, [pairs, actor.userId, actor.task !== undefined, longestMs])) as SettledTask[];
  noteStored(tx, added.length);
  await tx.query(
    `UPDATE tasks t SET retried_by = p.new FROM jsonb_to_recordset($1::jsonb) AS p(old uuid, new uuid)
     WHERE t.id = p.old`,
    [pairs],
  );
  await tx.query(
    `UPDATE experiment_tasks e SET task_id = p.new FROM jsonb_to_recordset($1::jsonb) AS p(old uuid, new uuid)
     WHERE e.task_id = p.old`,
    [pairs],
  );
  const waited = (await tx.query(COPY_EDGES, [pairs])) as { id: string }[];
  const reached = (await tx.query('SELECT id, state, attempt FROM tasks WHERE id = ANY ($1) ORDER BY id FOR SHARE', [
    waited.map(({ id }) => id),
  ])) as {
    id: string;
    state: TaskState;
    attempt: number;
  }[];
  const moved = await settleDependents(
    tx,
    reached.map(({ id, state, attempt }) => ({ id, state, hasStarted: attempt > 0, job: null })),
  );
  const now = new Map(moved.map((task) => [task.task, task]));
  return added.map((task) => now.get(task.task) ?? task);
}

/**
 * Submits the tasks of a job again that have failed or were cancelled: each as a new task in the place of the old one,
 * which stays as it is and names the new one. Returns how many.
 */
export function retryFailedWith({ dataSource, limits, reader, onAccepted }: RetryFailedDeps) {
  return async (actor: UserActor, uuid: string): Promise<number> => {
    const { group: name } = await reader.row(actor, uuid, 'task.manage');
    await reader.row(actor, uuid, 'task.submit');
    const settled = await inTransaction(dataSource, async (tx) => {
      // Two retries at once must not both replace the same tasks.
      await tx.query('SELECT 1 FROM jobs WHERE id = $1 FOR NO KEY UPDATE', [uuid]);
      const failed = (await tx.query(
        `SELECT id, reason, group_id AS "groupId", spec -> 'wasm' ->> 'sha256' AS sha256,
           coalesce(spec -> 'resources', '[]') AS resources
         FROM tasks WHERE job_id = $1
           AND state IN ('failed', 'cancelled') AND retried_by IS NULL AND reason IS DISTINCT FROM 'not_needed'
         ORDER BY id FOR NO KEY UPDATE`,
        [uuid],
      )) as FailedRow[];
      const group = await assertAccepted(tx, actor, { name, failed });
      await assertPrograms(
        tx,
        failed.flatMap(({ groupId, sha256 }) => (sha256 === null ? [] : [{ groupId, sha256 }])),
      );
      await assertInputs(tx, actor, failed);
      await recordRequest(tx, `job ${uuid}`, { tasks: failed.length });
      if (!group) return [];
      const { longestTimeoutMs } = new LimitsInForce(name, group.limits, limits);
      return copy(tx, actor, failed, longestTimeoutMs);
    });
    onAccepted({ settled, newQueueGroups: [] });
    return settled.length;
  };
}
