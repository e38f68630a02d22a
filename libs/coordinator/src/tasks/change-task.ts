import type { DataSource, EntityManager } from 'typeorm';
import {
  assertWarning,
  isAllowed,
  LimitsInForce,
  MitoError,
  nameOfCommand,
  queueName,
  type TaskKind,
  type TaskLimits,
  type TaskState,
} from '@mitosis/domain';
import type { ChangeTask } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { LIMITS_COLUMN, taskNotFound } from '../groups/find-group.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { inTransaction } from '../kernel/transaction.js';
import { ensureQueues } from './accept-tasks.js';
import { lockDependencyChanges, replaceDependencies } from './change-dependencies.js';

export interface ChangeTaskDeps {
  readonly dataSource: DataSource;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  /** Called after the commit. */
  onChanged(changed: {
    readonly queue: string;
    readonly newQueueGroups: readonly string[];
    readonly settled: readonly SettledTask[];
  }): void;
}

interface Row {
  readonly id: string;
  readonly state: TaskState;
  readonly group_id: string;
  readonly group: string;
  readonly kind: TaskKind;
  readonly queue: string;
  readonly tags: string[];
  readonly name: string;
  readonly args: string[];
  readonly warn_before_ms: number | null;
  /** Of its group. */
  readonly limits: TaskLimits;
}

async function lockTask(tx: EntityManager, actor: UserActor, uuid: string): Promise<Row> {
  const [row] = (await tx.query(
    `SELECT t.id, t.state, t.group_id, g.name AS group, t.queue, t.tags, t.name, t.spec -> 'args' AS args, q.kind,
       (t.spec ->> 'warn_before_ms')::float8 AS warn_before_ms,
       ${LIMITS_COLUMN}
     FROM tasks t JOIN groups g ON g.id = t.group_id JOIN queues q ON q.name = t.queue
     WHERE t.id = $1 FOR NO KEY UPDATE OF t`,
    [uuid],
  )) as Row[];
  if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) throw taskNotFound(uuid);
  if (!isAllowed(actor, { action: 'task.manage', groupId: row.group_id })) {
    throw new MitoError('forbidden', 'role_required', 'changing this task needs the role write in its group');
  }
  return row;
}

/** What is handed over to a queue again: the job there is of another queue or priority. */
const CHANGE = `
  UPDATE tasks SET
    spec = spec || $2::jsonb, tags = coalesce($3, tags), queue = $4, name = coalesce($5, name),
    priority = coalesce($6, priority),
    timeout_ms = CASE WHEN $10 THEN $7 ELSE timeout_ms END, retries = coalesce($8, retries),
    needs = CASE WHEN $9::jsonb IS NULL THEN needs ELSE nullif($9::jsonb, '[]') END, dispatched_at = NULL
  WHERE id = $1`;

/** A worker that was away may still run the old form of the task: it can't resume the attempt. */
const FENCE_LOST = `
  UPDATE attempts a SET lease = gen_random_uuid() FROM tasks t
  WHERE t.id = $1 AND a.task_id = t.id AND a.number = t.attempt AND a.outcome = 'lost'`;

const SEARCH_ANEW = `
  UPDATE task_search s SET name = t.name, tags = t.tags, priority = t.priority,
    words = mito_words(concat_ws(' ', t.name, (SELECT string_agg(a, ' ')
    FROM jsonb_array_elements_text(t.spec -> 'args') a)))
  FROM tasks t WHERE t.id = s.task_id AND t.id = $1`;

async function changeWaiting(
  tx: EntityManager,
  row: Row,
  change: Omit<ChangeTask, 'after'>,
  limits: TaskLimits,
): Promise<{ queue: string; newQueueGroups: string[] }> {
  const { args, env, terminal, cwd } = change;
  // A task named after its command is renamed with it.
  const name = change.name ?? (args && row.name === nameOfCommand(row.args) ? nameOfCommand(args) : undefined);
  const tags = change.tags ?? row.tags;
  const queue = queueName(row.group, tags, row.kind);
  const newQueueGroups = await ensureQueues(tx, [{ queue, group_id: row.group_id, kind: row.kind, tags }]);
  const spec = JSON.stringify({ args, env, terminal, cwd });
  await tx.query(FENCE_LOST, [row.id]);
  const needs = change.needs && JSON.stringify(change.needs);
  const isTimeoutChanged = change.timeout_ms !== undefined;
  const timeout = new LimitsInForce(row.group, row.limits, limits).timeLimit(change.timeout_ms).ms;
  if (isTimeoutChanged) assertWarning(row.warn_before_ms ?? undefined, timeout);
  const values = [change.priority, timeout, change.retries, needs, isTimeoutChanged];
  await tx.query(CHANGE, [row.id, spec, change.tags, queue, name, ...values]);
  if (args || change.name !== undefined || change.tags || change.priority !== undefined)
    await tx.query(SEARCH_ANEW, [row.id]);
  return { queue, newQueueGroups };
}

/**
 * Changes a task: its labels at any time, anything else as long as it waits. It is decided under a lock
 * against the claim: a worker gets the task either as it was or as it is now. Throws `task_not_found`,
 * `role_required`, `task_started`, `dependency_cycle`.
 */
export function changeTaskWith({ dataSource, limits, onChanged }: ChangeTaskDeps) {
  return async (actor: UserActor, uuid: string, { labels, after, ...change }: ChangeTask): Promise<void> => {
    const changed = await inTransaction(dataSource, async (tx) => {
      if (after) await lockDependencyChanges(tx);
      const row = await lockTask(tx, actor, uuid);
      const isWaiting = row.state === 'pending' || row.state === 'ready';
      const isMore = after !== undefined || Object.keys(change).length > 0;
      if (isMore && !isWaiting) {
        throw new MitoError('conflict', 'task_started', `the task is ${row.state}: only its labels can be changed`);
      }
      if (labels) {
        await tx.query('UPDATE tasks SET labels = $2 WHERE id = $1', [uuid, labels]);
        await tx.query('UPDATE task_search SET labels = $2 WHERE task_id = $1', [uuid, labels]);
      }
      // The names only: the values of variables may be secret.
      await recordRequest(tx, `task ${uuid}`, {
        fields: [...(labels ? ['labels'] : []), ...Object.keys(change), ...(after ? ['after'] : [])],
      });
      if (!isMore) return undefined;
      const moved = await changeWaiting(tx, row, change, limits);
      return { ...moved, settled: after ? await replaceDependencies(tx, actor, uuid, after) : [] };
    });
    if (changed) onChanged(changed);
  };
}
