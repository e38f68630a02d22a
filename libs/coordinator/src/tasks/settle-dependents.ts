import type { EntityManager } from 'typeorm';
import {
  DEPENDENCY_CONDITIONS,
  isFinal,
  judgeDependency,
  unmetOutcome,
  type DependencyCondition,
  type TaskState,
} from '@mitosis/domain';
import { endedJobs } from '../events/ended-jobs.js';
import { noteTasks } from '../events/notice-marks.js';
import type { Reached, SettledTask } from '../kernel/settled-task.js';
import { mayHappen, stateAfter } from '../kernel/task-state-sql.js';
import { indexFailures } from './index-failures.js';

interface JudgedRow {
  readonly task: string;
  readonly condition: DependencyCondition;
  readonly state: 'met' | 'unmet';
}

interface MovedRow {
  readonly task: string;
  readonly state: TaskState;
  readonly queue: string;
  readonly group: string;
  readonly job: string | null;
}

/** Closes what is decided now; the verdicts come from the one rule in the domain library. */
const JUDGE = `
  UPDATE dependencies d SET state = e.verdicts ->> d.condition
  FROM jsonb_to_recordset($1::jsonb) AS e(id uuid, verdicts jsonb)
  WHERE d.on_id = e.id AND d.state = 'open' AND e.verdicts ->> d.condition <> 'open'
  RETURNING d.task_id AS task, d.condition, d.state`;

const FAIL = `
  UPDATE tasks t SET state = e.state, reason = e.reason, message = e.message, finished_at = clock_timestamp()
  FROM jsonb_to_recordset($1::jsonb) AS e(task uuid, state text, reason text, message text)
  WHERE t.id = e.task AND t.state = 'pending'
  RETURNING t.id AS task, t.state, t.queue, t.group_id AS group, t.job_id AS job`;

const RELEASE = `
  UPDATE tasks t SET waits_for = t.waits_for - e.count,
    state = CASE WHEN t.waits_for = e.count AND t.not_before IS NULL THEN ${stateAfter('release')} ELSE t.state END
  FROM jsonb_to_recordset($1::jsonb) AS e(task uuid, count int)
  WHERE t.id = e.task AND ${mayHappen('release', 't.state')}
  RETURNING t.id AS task, t.state, t.queue, t.group_id AS group, t.job_id AS job`;

function verdictsOf(reached: Reached): Record<string, string> {
  return Object.fromEntries(DEPENDENCY_CONDITIONS.map((condition) => [condition, judgeDependency(condition, reached)]));
}

async function judge(tx: EntityManager, reached: readonly Reached[]): Promise<JudgedRow[]> {
  const ids = reached.map((one) => ({ id: one.id, verdicts: verdictsOf(one) }));
  const [rows] = (await tx.query(JUDGE, [JSON.stringify(ids)])) as [JudgedRow[], number];
  return rows;
}

/** Locked in the order of their ids, as everywhere. */
async function lock(tx: EntityManager, tasks: readonly string[]): Promise<void> {
  await tx.query('SELECT 1 FROM tasks WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE', [tasks]);
}

async function moveDependents(tx: EntityManager, judged: readonly JudgedRow[]): Promise<MovedRow[]> {
  await lock(tx, [...new Set(judged.map(({ task }) => task))]);
  const unmet = new Map(judged.filter(({ state }) => state === 'unmet').map((row) => [row.task, row]));
  const failing = [...unmet.values()].map(({ task, condition }) => {
    const message =
      condition === 'failed'
        ? 'what it waited for has completed'
        : 'a task or job that it waited for has not completed';
    return { task, ...unmetOutcome(condition), message };
  });
  const met = new Map<string, number>();
  for (const { task } of judged) if (!unmet.has(task)) met.set(task, (met.get(task) ?? 0) + 1);
  const released = [...met].map(([task, count]) => ({ task, count }));
  const [failed] =
    failing.length > 0 ? ((await tx.query(FAIL, [JSON.stringify(failing)])) as [MovedRow[], number]) : [[]];
  const [moved] =
    released.length > 0 ? ((await tx.query(RELEASE, [JSON.stringify(released)])) as [MovedRow[], number]) : [[]];
  await indexFailures(
    tx,
    failed.map(({ task }) => task),
  );
  return [...failed, ...moved.filter(({ state }) => state === 'ready')];
}

/**
 * Moves on what waited for these tasks, and what waited for that, in the transaction that changed them:
 * a task whose last dependency is met becomes ready, one with a dependency that can no longer be met
 * ends, and its own dependents follow. Returns all that moved, to be announced after the commit.
 */
export async function settleDependents(tx: EntityManager, reached: readonly Reached[]): Promise<SettledTask[]> {
  const settled: SettledTask[] = [];
  let front = reached;
  while (front.length > 0) {
    await noteTasks(
      tx,
      'ended',
      front.flatMap(({ id, state }) => (isFinal(state) ? [id] : [])),
    );
    const jobs = await endedJobs(
      tx,
      front.flatMap(({ job, state }) => (job !== null && isFinal(state) ? [job] : [])),
    );
    const judged = await judge(tx, [...front, ...jobs]);
    if (judged.length === 0) break;
    const moved = await moveDependents(tx, judged);
    await noteTasks(
      tx,
      'waiting',
      moved.flatMap(({ task, state }) => (state === 'ready' ? [task] : [])),
    );
    settled.push(...moved.map((row) => ({ ...row, delayMs: 0 })));
    front = moved
      .filter(({ state }) => isFinal(state))
      .map(({ task, state, job }) => ({ id: task, state, hasStarted: false, job }));
  }
  return settled;
}
