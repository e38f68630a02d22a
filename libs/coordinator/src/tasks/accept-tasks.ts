import type { EntityManager } from 'typeorm';
import {
  assertWarning,
  LimitsInForce,
  withDefaultNeeds,
  type LimitSource,
  type TaskKind,
  type TaskLimits,
  type TaskState,
} from '@mitosis/domain';
import type { SubmitTask, TaskReceipt } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { assertCode } from '../code/assert-code.js';
import { assertReceivers, noteTasks } from '../events/notice-marks.js';
import { takeOverCheckpoints } from '../files/checkpoints.js';
import { assertInputs } from '../files/task-inputs.js';
import { holdGroup, type GroupRow } from '../groups/find-group.js';
import { assertRoomInQueue } from '../groups/queue-quota.js';
import { jobKey } from '../kernel/job-key.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { assertPrograms } from '../programs/assert-programs.js';
import { assertSecrets } from '../secrets/group-secrets.js';
import { assertPossible } from './assert-possible.js';
import { linkDependencies } from './link-dependencies.js';
import { noteStored } from './stored-tasks.js';
import { kindOf, toRow, type LimitedTask, type Origin, type TaskRow } from './task-row.js';

/** The group, held until the transaction ends, when the caller may submit tasks of this kind to it. */
export async function groupFor(
  tx: EntityManager,
  actor: UserActor,
  { name, kind }: { name: string; kind: TaskKind },
): Promise<GroupRow> {
  const action = kind === 'wasm' ? 'program.submit' : 'task.submit';
  return holdGroup(tx, actor, name, { action, what: `submitting a ${kind} task`, isNew: true });
}

/** Returns the groups for which a queue was new. */
export async function ensureQueues(
  tx: EntityManager,
  rows: readonly Pick<TaskRow, 'queue' | 'group_id' | 'kind' | 'tags'>[],
): Promise<string[]> {
  const queues = new Map(rows.map(({ queue, group_id, kind, tags }) => [queue, { name: queue, group_id, kind, tags }]));
  const created = (await tx.query(
    `INSERT INTO queues (name, group_id, kind, tags)
     SELECT name, group_id, kind, tags FROM jsonb_to_recordset($1::jsonb)
       AS q(name text, group_id uuid, kind text, tags text[])
     ORDER BY name
     ON CONFLICT (name) DO NOTHING RETURNING group_id`,
    [JSON.stringify([...queues.values()])],
  )) as { group_id: string }[];
  return created.map(({ group_id }) => group_id);
}

export async function insertTasks(tx: EntityManager, rows: readonly TaskRow[]): Promise<void> {
  noteStored(tx, rows.length);
  await tx.query(
    `WITH given AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS t(
         id uuid, group_id uuid, creator_id uuid, queue text, name text, state text, spec jsonb, tags text[],
         labels text[], priority int, timeout_ms bigint, retries int, retry_delay_ms int, retry_exit_codes int[],
         requeue_on jsonb, requeues_max int, limits jsonb, needs jsonb,
         job_id uuid, job_index int, upstream_id uuid, is_confined boolean, notify jsonb, words text,
         workload_id uuid, workload_step text, workload_index int, avoid_worker_id uuid,
         start_at timestamptz, start_in_ms bigint)
     ), added AS (
       INSERT INTO tasks (id, group_id, creator_id, queue, name, state, spec, tags, labels, priority,
         timeout_ms, retries, retry_delay_ms, retry_exit_codes, requeue_on, requeues_max, limits,
         needs, is_gated, job_id, job_index, upstream_id, is_confined, notify,
         workload_id, workload_step, workload_index, avoid_worker_id, not_before)
       SELECT id, group_id, creator_id, queue, name, state, spec, tags, labels, priority,
         timeout_ms, retries, retry_delay_ms, retry_exit_codes, requeue_on, requeues_max, limits, needs,
         limits <> '{}', job_id, job_index, upstream_id, is_confined, notify,
         workload_id, workload_step, workload_index, avoid_worker_id,
         coalesce(start_at, clock_timestamp() + start_in_ms * interval '1 millisecond')
       FROM given ORDER BY id RETURNING id, seq
     )
     INSERT INTO task_search (seq, task_id, group_id, creator_id, job_id, name, tags, labels, priority, words)
     SELECT a.seq, g.id, g.group_id, g.creator_id, g.job_id, g.name, g.tags, g.labels, g.priority, mito_words(g.words)
     FROM added a JOIN given g ON g.id = a.id ORDER BY a.seq`,
    [JSON.stringify(rows)],
  );
}

/**
 * The limit of a task by its job, when the job limits how many run at a time; the number stands in the row of the job.
 */
async function keyOfJob(tx: EntityManager, { job }: Origin): Promise<Record<string, number>> {
  if (!job) return {};
  const [bounded] = (await tx.query('SELECT id FROM jobs WHERE id = $1 AND at_once IS NOT NULL', [job.id])) as {
    id: string;
  }[];
  return bounded ? { [jobKey(bounded.id)]: 1 } : {};
}

/** What was stored, to be announced after the commit. */
export interface Accepted {
  readonly receipts: TaskReceipt[];
  readonly settled: SettledTask[];
  readonly newQueueGroups: readonly string[];
}

/** A task with the limits that it gets: what it says itself, else what its group or the deployment says. */
function limitTask(
  task: SubmitTask,
  { name, limits, need_defaults: defaults }: GroupRow,
  deployment: TaskLimits,
): { readonly task: LimitedTask; readonly timeoutFrom: LimitSource } {
  const inForce = new LimitsInForce(name, limits, deployment);
  const { ms: timeout_ms, from: timeoutFrom } = inForce.timeLimit(task.timeout_ms);
  assertWarning(task.warn_before_ms, timeout_ms);
  const { retries = inForce.retriesDefault ?? 0, retry_delay_ms = inForce.retryDelayMs } = task;
  // A sandboxed program has limits of its own.
  const needs = task.wasm ? task.needs : withDefaultNeeds(task.needs, defaults);
  return { task: { ...task, needs, timeout_ms, retries, retry_delay_ms }, timeoutFrom };
}

/** Stores tasks in the name of `actor`, with what they wait for. Throws, naming the field, when one can't be. */
export async function acceptTasks(
  tx: EntityManager,
  actor: UserActor,
  tasks: readonly SubmitTask[],
  { limits: deployment, ...origin }: Origin & { readonly limits: TaskLimits },
): Promise<Accepted> {
  const groupNameOf = (task: SubmitTask): string => task.group ?? actor.ownGroup ?? actor.username;
  const groups = new Map<string, GroupRow>();
  const asked = new Map(
    tasks.map((task) => [`${kindOf(task)} ${groupNameOf(task)}`, { name: groupNameOf(task), kind: kindOf(task) }]),
  );
  for (const wanted of asked.values()) groups.set(wanted.name, await groupFor(tx, actor, wanted));
  const limited = tasks.map((task) => limitTask(task, groups.get(groupNameOf(task)) as GroupRow, deployment));
  const ownKey = await keyOfJob(tx, origin);
  const rows = limited.map(({ task }, place) =>
    toRow(
      { ...task, limits: { ...task.limits, ...ownKey } },
      groups.get(groupNameOf(task)) as GroupRow,
      actor,
      origin,
      place,
    ),
  );
  await assertPrograms(
    tx,
    rows.flatMap(({ group_id: groupId, spec: { wasm } }) => (wasm ? [{ groupId, sha256: wasm.sha256 }] : [])),
  );
  await assertCode(
    tx,
    rows.flatMap(({ group_id: groupId, spec: { code } }) => (code ? [{ groupId, sha256: code.sha256 }] : [])),
  );
  await assertSecrets(
    tx,
    rows.map(({ group_id: groupId, spec: { secrets = [] } }) => ({ groupId, names: secrets })),
  );
  await assertReceivers(
    tx,
    actor.userId,
    tasks.map(({ notify }) => notify),
  );
  await assertInputs(tx, actor, tasks);
  await assertPossible(
    tx,
    rows.flatMap((asked, place) => (tasks[place]?.refuse_impossible === true ? [{ place, asked }] : [])),
  );
  for (const group of groups.values())
    await assertRoomInQueue(tx, group, rows.filter((row) => row.group_id === group.id).length);
  const newQueueGroups = await ensureQueues(tx, rows);
  await insertTasks(tx, rows);
  await takeOverCheckpoints(
    tx,
    actor,
    rows.map(({ id, group_id: groupId }, place) => ({ id, groupId, from: tasks[place]?.from_checkpoint })),
  );
  const moved = await linkDependencies(tx, actor, rows, tasks);
  const state = new Map(rows.map((row) => [row.id, row.state]));
  for (const { task, state: now } of moved) state.set(task, now);
  const settled = rows.map(({ id, queue, group_id: group, job_id: job }) => ({
    task: id,
    queue,
    group,
    job,
    state: state.get(id) as TaskState,
    delayMs: 0,
  }));
  await noteTasks(
    tx,
    'waiting',
    settled.flatMap(({ task, state: now }) => (now === 'ready' ? [task] : [])),
  );
  const receipts = settled.map(({ task, state: now }, place) => ({
    uuid: task,
    state: now,
    timeout_ms: limited[place]?.task.timeout_ms ?? null,
    timeout_from: limited[place]?.timeoutFrom,
  }));
  return { receipts, settled, newQueueGroups };
}
