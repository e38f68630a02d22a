import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { nextState, TASK_STATES, type TaskEvent } from '@mitosis/domain';
import { eventually, tempDir } from '@mitosis/testing';
import { processesWith } from '../harness/processes.js';
import type { Load } from './load.js';
import type { QueueDepth } from './queue-depth.js';
import type { Site } from './site.js';
import { UndoStack } from './undo-stack.js';
import type { Verdict } from './verdict.js';

const EVENTS: readonly TaskEvent[] = [
  'release',
  'wait',
  'claim',
  'resume',
  'requeue',
  'postpone',
  'complete',
  'fail',
  'cancel',
];
const LEFTOVERS_GONE_MS = 10_000;
const ARTIFACTS_CHECKED = 20;
const LEASE_MS = 15_000;

export interface Expectations {
  /** Tasks that may end otherwise than completed. */
  readonly mayFail?: ReadonlySet<string>;
  readonly requeueMaxMs?: number;
  /** No task may be executed more than once. */
  readonly isOnceOnly?: boolean;
  readonly more?: Readonly<Record<string, string | number>>;
  /** What the scenario itself saw that did not hold. */
  readonly violations?: readonly string[];
}

interface TaskRow {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
}

interface AttemptRow {
  readonly task_id: string;
  readonly number: number;
  readonly outcome: string | null;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly lease_until: Date;
  readonly labels: string[];
}

async function waitForDatabase(site: Site): Promise<void> {
  await eventually(async () => (await site.db.query('SELECT 1')).rowCount === 1, {
    message: 'the database after the run',
    timeoutMs: 60_000,
  });
}

/** How often each (task, attempt) was executed, as the tasks themselves have written it down. */
async function readEffects(site: Site): Promise<Map<string, number>> {
  const text = await readFile(site.effectsFile, 'utf8').catch(() => '');
  const counts = new Map<string, number>();
  for (const line of text.split('\n').filter(Boolean)) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** Executions that no attempt of the database explains, and completed tasks whose last attempt was never executed. */
function unexplainedExecutions(
  effects: ReadonlyMap<string, number>,
  attempts: readonly AttemptRow[],
  tasks: readonly TaskRow[],
): string[] {
  const known = new Map(attempts.map((row) => [`${row.task_id} ${row.number}`, row]));
  const last = new Map(tasks.map(({ id, attempt }) => [id, attempt]));
  const strange = [...effects].flatMap(([key, count]) => {
    const row = known.get(key);
    if (!row) return [`an execution of ${key} without an attempt`];
    if (count > 1) return [`attempt ${key} was executed ${count} times`];
    const isRepeated = row.number < (last.get(row.task_id) ?? 0);
    return isRepeated && (row.outcome === null || (row.outcome === 'exited' && row.ended_at === null))
      ? [`attempt ${key} was repeated while open`]
      : [];
  });
  const noted = new Set([...effects.keys()].map((key) => key.split(' ')[0]));
  const silent = tasks.filter(
    ({ id, state, attempt }) => state === 'completed' && noted.has(id) && !effects.has(`${id} ${attempt}`),
  );
  return [...strange, ...silent.map(({ id, attempt }) => `attempt ${id} ${attempt} is committed but was not executed`)];
}

/** From the last fault of its worker, or else from its last sign of life, until the task is given to another. */
function requeueTimes(site: Site, attempts: readonly AttemptRow[]): number[] {
  const lost = attempts.filter(({ outcome }) => outcome === 'lost');
  return lost
    .map(({ labels, started_at, ended_at, lease_until }) => {
      const until = ended_at?.getTime() ?? Date.now();
      const faults = site.faults.all.filter(({ target, at }) => labels.includes(target) && at <= until);
      const struckAt = faults.at(-1)?.at;
      return (
        until - (struckAt === undefined ? lease_until.getTime() - LEASE_MS : Math.max(struckAt, started_at.getTime()))
      );
    })
    .toSorted((a, b) => a - b);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

async function countHistory(site: Site): Promise<{ doubleCommits: number; impossibleMoves: number }> {
  const { rows } = await site.db.query<{ what: string; old_state: string; new_state: string; count: number }>(
    `SELECT what, old_state, new_state, count(*)::int AS count FROM fault_history GROUP BY 1, 2, 3`,
  );
  const possible = new Set(
    TASK_STATES.flatMap((state) => EVENTS.map((event) => `${state} ${String(nextState(state, event))}`)),
  );
  const moves = rows.filter(({ what }) => what === 'moved');
  const sum = (counted: typeof rows): number => counted.reduce((total, { count }) => total + count, 0);
  return {
    doubleCommits: sum(rows.filter(({ what }) => what !== 'moved' && what !== 'attempt resumed')),
    impossibleMoves: sum(moves.filter(({ old_state, new_state }) => !possible.has(`${old_state} ${new_state}`))),
  };
}

/** Fetches some results, which the client takes only when their checksums are right. */
async function checkArtifacts(site: Site): Promise<number> {
  const { rows } = await site.db.query<{ task_id: string }>(
    `SELECT task_id FROM artifacts JOIN tasks ON tasks.id = task_id WHERE kind = 'result' AND state = 'completed'
      ORDER BY task_id LIMIT ${ARTIFACTS_CHECKED}`,
  );
  const scope = new UndoStack();
  const dir = await tempDir(scope);
  for (const { task_id: uuid } of rows) {
    await site.api.downloadArtifact(await site.api.artifact(uuid, 'result'), path.join(dir, uuid));
  }
  await scope.undo();
  return rows.length;
}

/** Reports of attempts that were no longer current, as the workers tell of them. */
async function countLateReports(site: Site): Promise<{ tried: number; refused: number }> {
  const logs = (await Promise.all(site.workers.map((worker) => worker.log()))).join('\n').split('\n');
  const refused = logs.filter(
    (line) =>
      line.includes('the report came too late and was refused') ||
      (line.includes('a spooled report was delivered') && line.includes('"status":"stale"')),
  ).length;
  const { rows } = await site.db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM fault_history h JOIN attempts a ON a.task_id = h.task AND a.number = h.attempt
     WHERE h.what = 'attempt changed after its end' AND a.report_request IS NOT NULL`,
  );
  return { tried: refused + (rows[0]?.count ?? 0), refused };
}

async function leftovers(site: Site): Promise<number> {
  let left: number[] = [];
  await eventually(async () => (left = await processesWith(site.marker)).length === 0, {
    message: 'the end of all processes of tasks',
    timeoutMs: LEFTOVERS_GONE_MS,
  }).catch(() => undefined);
  return left.length;
}

/** Reads the database, the store, the logs and what the tasks wrote down, and says what did not hold. */
export async function checkRun(
  site: Site,
  load: Load,
  depth: QueueDepth,
  expected: Expectations = {},
): Promise<Verdict> {
  await waitForDatabase(site);
  const { rows: tasks } = await site.db.query<TaskRow>('SELECT id, state, attempt FROM tasks');
  const { rows: attempts } = await site.db.query<AttemptRow>(
    `SELECT a.task_id, a.number, a.outcome, a.started_at, a.ended_at, a.lease_until, w.labels
     FROM attempts a JOIN workers w ON w.id = a.worker_id`,
  );
  const states = new Map(tasks.map(({ id, state }) => [id, state]));
  const isFinal = (state: string | undefined): boolean =>
    state === 'completed' || state === 'failed' || state === 'cancelled';
  const effects = await readEffects(site);
  const strange = unexplainedExecutions(effects, attempts, tasks);
  const executions = [...effects.values()].reduce((sum, count) => sum + count, 0);
  const requeue = requeueTimes(site, attempts);
  const late = await countLateReports(site);
  const lost = load.submitted.filter((uuid) => !isFinal(states.get(uuid))).length;
  const failed = load.submitted.filter(
    (uuid) => states.get(uuid) !== 'completed' && !expected.mayFail?.has(uuid),
  ).length;
  const history = await countHistory(site);
  const exits = {
    workers: site.workers.flatMap(({ unaskedExits }) => unaskedExits),
    coordinators: site.coordinators.flatMap(({ unaskedExits }) => unaskedExits),
  };
  const left = await leftovers(site);
  const p99 = percentile(requeue, 0.99);
  const extra = executions - new Set([...effects.keys()].map((key) => key.split(' ')[0])).size;
  const rules: [boolean, string][] = [
    [site.faults.count === 0, 'no fault was injected: the run shows nothing'],
    [load.submitted.length === 0, 'no task was submitted'],
    [lost > 0, `${lost} tasks are lost`],
    [failed > lost, `${failed - lost} tasks did not complete`],
    [
      tasks.length !== load.submitted.length,
      `${tasks.length} tasks are stored, ${load.submitted.length} were answered`,
    ],
    [
      load.failedCalls.length > 0,
      `calls failed although they were repeated: ${load.failedCalls.slice(0, 3).join('; ')}`,
    ],
    [history.doubleCommits > 0, `${history.doubleCommits} changes of what was final`],
    [history.impossibleMoves > 0, `${history.impossibleMoves} moves that the state machine does not know`],
    [strange.length > 0, strange.slice(0, 5).join('; ')],
    [late.tried > late.refused, `${late.tried - late.refused} late reports were accepted`],
    [depth.isExceeded, `a queue held ${depth.depthMax} jobs, more than the window of ${depth.window}`],
    [p99 > (expected.requeueMaxMs ?? Number.POSITIVE_INFINITY), `the p99 of requeueing is ${Math.round(p99)} ms`],
    [expected.isOnceOnly === true && extra > 0, `${extra} executions beyond one per task`],
    [left > 0, `${left} processes of tasks are left`],
    [
      exits.workers.length + exits.coordinators.length > 0,
      `processes ended: ${JSON.stringify([...exits.workers, ...exits.coordinators])}`,
    ],
  ];
  return {
    tasks: load.submitted.length,
    completed: load.submitted.filter((uuid) => states.get(uuid) === 'completed').length,
    faults: site.faults.count,
    faultsByKind: site.faults.byKind,
    lost,
    ...history,
    failedCalls: load.failedCalls.length,
    executions,
    extraExecutions: extra,
    unexplained: strange.length,
    lateTried: late.tried,
    lateRefused: late.refused,
    lostAttempts: requeue.length,
    requeueMs: requeue.length === 0 ? null : { p50: percentile(requeue, 0.5), p99, max: requeue.at(-1) ?? 0 },
    checkedArtifacts: await checkArtifacts(site),
    queueDepthMax: depth.depthMax,
    queueWindow: depth.window,
    leftovers: left,
    workerExits: exits.workers,
    coordinatorExits: exits.coordinators,
    more: expected.more ?? {},
    violations: [...rules.filter(([isBroken]) => isBroken).map(([, text]) => text), ...(expected.violations ?? [])],
  };
}
