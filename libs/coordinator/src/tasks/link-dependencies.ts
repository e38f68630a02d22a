import type { EntityManager } from 'typeorm';
import { assertAcyclic, invalidField, isAllowed, isFinal, jobState, MitoError, type TaskState } from '@mitosis/domain';
import type { After, SubmitTask } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { countTasks } from '../events/ended-jobs.js';
import type { Reached, SettledTask } from '../kernel/settled-task.js';
import { settleDependents } from './settle-dependents.js';
import type { TaskRow } from './task-row.js';

/** What of a new or changed task says what it waits for. */
type Waiting = Pick<SubmitTask, 'after' | 'key'>;
type Placed = Pick<TaskRow, 'id'>;

interface Edge {
  readonly task_id: string;
  readonly on_id: string;
  readonly on_kind: 'task' | 'job';
  readonly condition: After['when'];
}

interface PrerequisiteRow {
  readonly id: string;
  readonly state: TaskState;
  readonly attempt: number;
  readonly job: string | null;
  readonly group_id: string;
}

/** Where each key of the request leads to. Throws when two tasks have the same. */
function placesByKey(tasks: readonly Waiting[]): Map<string, number> {
  const places = new Map<string, number>();
  tasks.forEach(({ key }, place) => {
    if (key === undefined) return;
    if (places.has(key)) throw invalidField(`tasks.${place}.key`, `"${key}" is the key of another task`);
    places.set(key, place);
  });
  return places;
}

function edgesOf(rows: readonly Placed[], tasks: readonly Waiting[]): Edge[] {
  const places = placesByKey(tasks);
  const placeOf = (key: string, field: string): number => {
    const place = places.get(key);
    if (place === undefined) throw invalidField(field, `no task of this request has the key "${key}"`);
    return place;
  };
  const waits = tasks.map(({ after }, place) =>
    after.flatMap(({ key }, index) => (key === undefined ? [] : [placeOf(key, `tasks.${place}.after.${index}.key`)])),
  );
  assertAcyclic(waits);
  const edges = tasks.flatMap(({ after }, place) =>
    after.map(({ task, job, key, when }): Edge => {
      const onId = task ?? job ?? rows[placeOf(key as string, 'after')]?.id;
      return {
        task_id: (rows[place] as Placed).id,
        on_id: onId as string,
        on_kind: job === undefined ? 'task' : 'job',
        condition: when,
      };
    }),
  );
  return [...new Map(edges.map((edge) => [`${edge.task_id} ${edge.on_id} ${edge.condition}`, edge])).values()];
}

function assertVisible(
  actor: UserActor,
  kind: 'task' | 'job',
  ids: readonly string[],
  groups: ReadonlyMap<string, string>,
): void {
  for (const id of ids) {
    const groupId = groups.get(id);
    if (groupId !== undefined && isAllowed(actor, { action: 'task.read', groupId })) continue;
    throw new MitoError('not-found', `${kind}_not_found`, `there is no ${kind} ${id} that you may see`, {
      details: { field: 'after' },
    });
  }
}

/** Locks the tasks against a change of their state until this transaction is over. */
async function lockTasks(tx: EntityManager, actor: UserActor, ids: readonly string[]): Promise<Reached[]> {
  if (ids.length === 0) return [];
  const rows = (await tx.query(
    'SELECT id, state, attempt, job_id AS job, group_id FROM tasks WHERE id = ANY ($1) ORDER BY id FOR SHARE',
    [ids],
  )) as PrerequisiteRow[];
  assertVisible(actor, 'task', ids, new Map(rows.map(({ id, group_id }) => [id, group_id])));
  return rows.map(({ id, state, attempt }) => ({ id, state, hasStarted: attempt > 0, job: null }));
}

/** Locks the jobs against the end of their tasks (see `endedJobs`), and notes that something waits for them. */
async function lockJobs(tx: EntityManager, actor: UserActor, ids: readonly string[]): Promise<Reached[]> {
  if (ids.length === 0) return [];
  const rows = (await tx.query(
    'SELECT id, is_open, group_id FROM jobs WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE',
    [ids],
  )) as { id: string; is_open: boolean; group_id: string }[];
  assertVisible(actor, 'job', ids, new Map(rows.map(({ id, group_id }) => [id, group_id])));
  await tx.query('UPDATE jobs SET has_dependents = true WHERE id = ANY ($1)', [ids]);
  const counts = await countTasks(tx, ids);
  return rows.map(({ id, is_open }) => ({
    id,
    state: jobState(is_open, counts.get(id) ?? {}),
    hasStarted: false,
    job: null,
  }));
}

async function insertEdges(tx: EntityManager, edges: readonly Edge[]): Promise<void> {
  const json = JSON.stringify(edges);
  await tx.query(
    `INSERT INTO dependencies (task_id, on_id, on_kind, condition)
     SELECT task_id, on_id, on_kind, condition
     FROM jsonb_to_recordset($1::jsonb) AS e(task_id uuid, on_id uuid, on_kind text, condition text)`,
    [json],
  );
  await tx.query(
    `UPDATE tasks t SET waits_for = e.count
     FROM (SELECT task_id, count(*)::int AS count FROM jsonb_to_recordset($1::jsonb) AS e(task_id uuid)
     GROUP BY task_id) e
     WHERE t.id = e.task_id`,
    [json],
  );
}

/**
 * Stores what tasks wait for, and settles at once what is decided already. What they wait for is
 * locked meanwhile, so that it ends either before this (and is seen) or after the commit (and sees this).
 */
export async function linkDependencies(
  tx: EntityManager,
  actor: UserActor,
  rows: readonly Placed[],
  tasks: readonly Waiting[],
): Promise<SettledTask[]> {
  const edges = edgesOf(rows, tasks);
  if (edges.length === 0) return [];
  const own = new Set(rows.map(({ id }) => id));
  const idsOf = (kind: Edge['on_kind']): string[] => [
    ...new Set(edges.flatMap(({ on_id, on_kind }) => (on_kind === kind && !own.has(on_id) ? [on_id] : []))),
  ];
  const reached = [...(await lockTasks(tx, actor, idsOf('task'))), ...(await lockJobs(tx, actor, idsOf('job')))];
  await insertEdges(tx, edges);
  return settleDependents(
    tx,
    reached.filter(({ state, hasStarted }) => isFinal(state) || hasStarted),
  );
}
