import type { EntityManager } from 'typeorm';
import { isFinal, jobState, type TaskState } from '@mitosis/domain';
import type { Reached } from '../kernel/settled-task.js';

interface JobRow {
  readonly id: string;
  readonly is_open: boolean;
  readonly has_dependents: boolean;
}

interface CountRow {
  readonly job: string;
  readonly state: TaskState;
  readonly count: number;
}

/** How many tasks of each job are in each state; those that were retried do not count. */
export async function countTasks(
  tx: Pick<EntityManager, 'query'>,
  jobs: readonly string[],
): Promise<Map<string, Partial<Record<TaskState, number>>>> {
  const rows = (await tx.query(
    `SELECT job_id AS job, state, count(*)::int AS count FROM tasks
     WHERE job_id = ANY ($1) AND retried_by IS NULL GROUP BY job_id, state`,
    [jobs],
  )) as CountRow[];
  const counts = new Map<string, Partial<Record<TaskState, number>>>();
  for (const { job, state, count } of rows) counts.set(job, { ...counts.get(job), [state]: count });
  return counts;
}

async function hasOpenTask(tx: EntityManager, job: string): Promise<boolean> {
  const rows = (await tx.query(
    `SELECT 1 FROM tasks WHERE job_id = $1 AND state IN ('pending', 'ready', 'running') LIMIT 1`,
    [job],
  )) as unknown[];
  return rows.length > 0;
}

/**
 * Those of `jobs` that are over and that something waits for. Whoever ends a task of a job shares a
 * lock on it; only a job with dependents is locked for one transaction alone, so that of two that end
 * its last two tasks the second one sees what the first one did. `linkDependencies` locks it likewise.
 */
export async function endedJobs(tx: EntityManager, jobs: readonly string[]): Promise<Reached[]> {
  if (jobs.length === 0) return [];
  const ids = [...new Set(jobs)].sort();
  const wanted = (await tx.query('SELECT id FROM jobs WHERE id = ANY ($1) AND has_dependents', [ids])) as {
    id: string;
  }[];
  const alone = new Set(wanted.map(({ id }) => id));
  const others = ids.filter((id) => !alone.has(id));
  const locked = [
    ...((await tx.query(
      'SELECT id, is_open, has_dependents FROM jobs WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE',
      [[...alone]],
    )) as JobRow[]),
    ...((await tx.query('SELECT id, is_open, has_dependents FROM jobs WHERE id = ANY ($1) ORDER BY id FOR SHARE', [
      others,
    ])) as JobRow[]),
  ];
  const over: Reached[] = [];
  for (const { id, is_open: isOpen } of locked.filter(({ has_dependents }) => has_dependents)) {
    if (!alone.has(id)) await tx.query('SELECT 1 FROM jobs WHERE id = $1 FOR NO KEY UPDATE', [id]);
    if (isOpen || (await hasOpenTask(tx, id))) continue;
    const state = jobState(false, (await countTasks(tx, [id])).get(id) ?? {});
    if (isFinal(state)) over.push({ id, state, hasStarted: true, job: null });
  }
  return over;
}
