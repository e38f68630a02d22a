import type { DataSource } from 'typeorm';
import {
  describeRequirement,
  explainWorker,
  formatDuration,
  isFinal,
  takesAny,
  unmetRequirements,
  type Takes,
  type WorkerVerdict,
} from '@mitosis/domain';
import type { TaskDetail, TaskExplanation, TaskView, WorkerExplanation } from '@mitosis/protocol';
import type { QueuePublisher } from '@mitosis/queue';
import type { UserActor } from '../auth/authenticator.js';
import { isAlive } from '../kernel/alive-workers.js';
import { limitsOf } from '../kernel/job-key.js';
import { servesGroup } from '../kernel/serving.js';
import { explainNeeds, type NeedsVerdict } from '../resources/explain-needs.js';
import { heldBack } from './held-back.js';
import type { TaskReader } from './read-tasks.js';

interface WorkerRow {
  readonly id: string;
  readonly hostname: string;
  readonly tags: string[];
  readonly takes: Takes;
  readonly slots: number;
  readonly running: number;
  readonly silent_ms: number;
  readonly is_alive: boolean;
  readonly trouble: string | null;
  readonly trouble_s: number | null;
  readonly serves_group: boolean;
  readonly is_draining: boolean;
  readonly only_kind: 'wasm' | null;
}

/** The active workers of the caller's groups (for an administrator all), and whether they serve the task's group. */
const VISIBLE_WORKERS = `
  SELECT w.id, w.hostname, w.tags, w.takes, w.slots, w.only_kind, w.wanted <> 'run' AS is_draining,
    (SELECT count(*)::int FROM attempts a WHERE a.worker_id = w.id AND a.ended_at IS NULL) AS running,
    extract(epoch FROM clock_timestamp() - w.last_seen_at)::float8 * 1000
    AS silent_ms, ${isAlive('w', '$4')} AS is_alive, w.trouble,
    extract(epoch FROM clock_timestamp() - w.trouble_since)::float8 AS trouble_s,
    EXISTS (SELECT 1 FROM worker_groups s JOIN tasks t ON t.group_id = s.group_id
      WHERE s.worker_id = w.id AND ${servesGroup('s')} AND t.id = $1) AS serves_group
  FROM workers w
  WHERE w.state = 'active' AND w.last_seen_at > now() - interval '1 day'
    AND ($2 OR EXISTS (SELECT 1 FROM worker_groups v WHERE v.worker_id = w.id AND v.group_id = ANY ($3)))
  ORDER BY w.last_seen_at DESC LIMIT 200`;

const AHEAD = `
  SELECT count(*)::int AS ahead FROM tasks o JOIN tasks t ON t.id = $1 AND o.queue = t.queue
  WHERE o.state = 'ready' AND (o.priority > t.priority OR (o.priority = t.priority AND o.seq < t.seq))`;

/** Keys of a gated task that have no room by its own limits, and by how many tasks that room is taken. */
const NO_ROOM = `
  SELECT l.key, l.max AS limit, l.job, o.count::int AS taken
  FROM tasks t CROSS JOIN LATERAL ${limitsOf('t.limits')} l
  CROSS JOIN LATERAL (
    SELECT count(*) FROM tasks o WHERE o.group_id = t.group_id AND o.limits <> '{}' AND NOT o.is_gated
      AND o.state IN ('ready', 'running') AND o.limits ? l.key) o
  WHERE t.id = $1 AND t.is_gated AND t.state = 'ready' AND o.count >= l.max ORDER BY l.key`;

/** Groups in which the caller may submit and for which there is a live worker. */
async function servedGroupsOf(dataSource: DataSource, { roles }: UserActor, silentMs: number): Promise<string[]> {
  const writing = [...roles].flatMap(([id, role]) => (role === 'read' ? [] : [id]));
  const rows = (await dataSource.query(
    `SELECT g.name FROM groups g WHERE g.id = ANY ($1) AND g.state = 'active' AND EXISTS (
       SELECT 1 FROM worker_groups s JOIN workers w ON w.id = s.worker_id AND w.state = 'active'
       AND ${isAlive('w', '$2')}
       WHERE s.group_id = g.id AND ${servesGroup('s')}) ORDER BY g.name LIMIT 5`,
    [writing, silentMs],
  )) as { name: string }[];
  return rows.map(({ name }) => name);
}

interface NoRoomRow {
  readonly key: string;
  readonly limit: number;
  /** The job whose limit it is, when it is not one of a key. */
  readonly job: string | null;
  readonly taken: number;
}

const ORDER: readonly WorkerVerdict[] = [
  'free',
  'full',
  'room',
  'draining',
  'unable',
  'silent',
  'needs',
  'tags',
  'kind',
  'group',
];

/** Which rule lets a worker take a task whose tags it does not have. */
function untagged(row: WorkerRow, task: TaskView): string {
  if (!takesAny(row) || unmetRequirements(task.tags, { ...row, takes: 'only_tagged' }).length === 0) return '';
  return row.takes === 'any'
    ? '; it was started with --any, so it takes any task'
    : '; it has no tags, so it takes any task';
}

function lacks(row: WorkerRow, task: TaskView): string {
  const unmet = unmetRequirements(task.tags, row);
  const [has] = unmet.filter((requirement) => /^![^|]+$/.test(requirement));
  if (has !== undefined) return `it has the tag ${has.slice(1)}`;
  const rule = row.takes === 'only_tagged' ? '; it was started with --only-tagged' : '';
  return `it lacks ${unmet.map(describeRequirement).join(', ')}${rule}`;
}

function detailOf(verdict: WorkerVerdict, row: WorkerRow, task: TaskView): string {
  switch (verdict) {
    case 'free':
      return `${row.slots - row.running} of ${row.slots} slots are free${untagged(row, task)}`;
    case 'full':
      return `all ${row.slots} slots are taken${untagged(row, task)}`;
    case 'draining':
      return 'it takes nothing new';
    case 'unable':
      return `unable to work for ${formatDuration(Math.round(row.trouble_s ?? 0) * 1000)}: ${row.trouble ?? ''}`;
    case 'silent':
      return `no heartbeat for ${Math.round(row.silent_ms / 1000)} s`;
    case 'tags':
      return lacks(row, task);
    case 'kind':
      return 'it takes sandboxed programs only, and no command';
    case 'needs':
    case 'room':
      return '';
    case 'group':
      return `it does not run tasks of ${task.group}`;
  }
}

function explainRow(row: WorkerRow, task: TaskView, needs: NeedsVerdict | undefined): WorkerExplanation {
  const { tags, takes, slots, running, serves_group: servesGroup, is_draining: isDraining, only_kind: onlyKind } = row;
  const verdict = explainWorker(
    { tags: task.tags, isProgram: task.wasm !== null },
    {
      tags,
      takes,
      slots,
      running,
      isSilent: !row.is_alive,
      isUnable: row.trouble !== null,
      servesGroup,
      isDraining,
      onlyKind,
      fits: needs?.fits ?? 'now',
    },
  );
  return {
    uuid: row.id,
    hostname: row.hostname,
    verdict,
    detail: needs && (verdict === 'needs' || verdict === 'room') ? needs.missing : detailOf(verdict, row, task),
    is_untagged: takesAny(row) && unmetRequirements(task.tags, { tags, takes: 'only_tagged' }).length > 0,
  };
}

function before(ahead: number): string {
  if (ahead === 0) return 'it is next';
  return ahead === 1 ? '1 task comes before it' : `${ahead} tasks come before it`;
}

function busy(workers: number): string {
  return workers === 1 ? 'the worker that could run it is full' : `all ${workers} workers that could run it are full`;
}

function waitsFor(
  task: TaskView,
  ahead: number,
  { workers, served }: { workers: readonly WorkerExplanation[]; served: readonly string[] },
): string {
  const count = (verdict: WorkerVerdict): number => workers.filter((worker) => worker.verdict === verdict).length;
  if (count('free') > 0) return ahead === 0 ? 'a worker is free: the task starts any moment' : before(ahead);
  if (count('full') > 0) return `${busy(count('full'))}; ${before(ahead)}`;
  const [roomless] = workers.filter(({ verdict }) => verdict === 'room');
  if (roomless) return `no machine has room for it now: ${roomless.hostname} has ${roomless.detail}; ${before(ahead)}`;
  if (count('draining') > 0) return 'the workers that could run it are draining';
  const unable = workers.find(({ verdict }) => verdict === 'unable');
  if (unable) return `no worker that could run it is able to work; ${unable.hostname} is ${unable.detail}`;
  if (count('silent') > 0) return 'the workers that could run it are offline';
  const [nearest] = workers.filter(({ verdict }) => verdict === 'needs');
  if (nearest) return `no worker could ever run it; the nearest is ${nearest.hostname}: ${nearest.detail}`;
  if (count('tags') > 0) return `no worker of its group has the tags ${task.tags.map(describeRequirement).join(', ')}`;
  if (count('kind') > 0) return 'the workers that could run it take sandboxed programs only';
  const others = served.filter((group) => group !== task.group).join(', ');
  return (
    'no worker runs tasks of the group ' +
    `${task.group}${others === '' ? '' : `; there are workers for ${others} (-g)`}`
  );
}

/** The jobs that a task waits for, with how much of their submission there is. */
const AWAITED_JOBS = `
  SELECT j.id, j.expected_tasks, (SELECT count(*)::int FROM tasks t WHERE t.job_id = j.id AND t.retried_by IS NULL)
    AS stored
  FROM jobs j WHERE j.id = ANY ($1) AND j.is_open ORDER BY j.id`;

interface OpenJobRow {
  readonly id: string;
  readonly expected_tasks: number | null;
  readonly stored: number;
}

/** What a pending task waits for, a job that more tasks are to come to first. */
async function awaited(dataSource: DataSource, { state, after }: TaskDetail): Promise<string | undefined> {
  const open = after.filter((each) => each.state === 'open');
  if (state !== 'pending' || open.length === 0) return undefined;
  const jobs = open.flatMap(({ kind, uuid }) => (kind === 'job' ? [uuid] : []));
  const [job] = (await dataSource.query(AWAITED_JOBS, [jobs])) as OpenJobRow[];
  if (job && job.expected_tasks !== null && job.stored < job.expected_tasks)
    return (
      `it waits for the job ${job.id}, whose submission is unfinished: ` +
      `${job.stored} of ${job.expected_tasks} tasks are stored`
    );
  if (job) return `it waits for the job ${job.id}, which is open: more tasks are to come, or somebody has to close it`;
  const [{ kind, uuid, when }] = open as [TaskDetail['after'][number]];
  const more = open.length === 1 ? '' : `, and for ${open.length - 1} more`;
  return `it waits until the ${kind} ${uuid} has ${when}${more}`;
}

interface Obstacles {
  readonly waits: string | undefined;
  readonly workers: readonly WorkerExplanation[];
  /** Groups of the caller for which there are workers. */
  readonly served: readonly string[];
  readonly noRoom: readonly NoRoomRow[];
  readonly hold: string | undefined;
}

function describeRoom({ key, limit, job, taken }: NoRoomRow): string {
  if (job === null)
    return `its limit of ${limit} tasks with the key ${key} is reached by ${taken} that run or are about to`;
  return (
    `its job runs ${limit} tasks at a time, and ${taken} run or are about to; ` +
    `"mito jobs change ${job} --at-once N" changes that`
  );
}

/** How a task ended: `exit code 2`, `signal SIGSEGV`, `timeout (…)`. */
function endOf({ state, reason, signal, exit_code, message }: TaskView): string {
  if (state === 'completed') return 'it ended with success';
  const why = signal !== null ? `signal ${signal}` : exit_code ? `exit code ${exit_code}` : reason;
  if (state === 'cancelled') return 'somebody cancelled it';
  return `it ended with ${why ?? 'an error'}${message === null ? '' : ` (${message})`}`;
}

function summaryOf(task: TaskView, ahead: number, { workers, served, waits, noRoom, hold }: Obstacles): string {
  if (isFinal(task.state)) return endOf(task);
  if (task.state === 'running') return 'it is running';
  if (task.state === 'pending')
    return waits ?? `it waits for its start time${task.start_at ? `, ${task.start_at}` : ''}`;
  if (hold !== undefined) return hold;
  const [first] = noRoom;
  if (first) return describeRoom(first);
  return waitsFor(task, ahead, { workers, served });
}

export interface ExplainDeps {
  readonly dataSource: DataSource;
  readonly reader: TaskReader;
  readonly publisher: QueuePublisher;
  readonly silentMs: number;
}

/** Why a task is not running: its place in the queue, and what stands in the way on each worker. */
export async function explainTask(
  { dataSource, reader, publisher, silentMs }: ExplainDeps,
  actor: UserActor,
  uuid: string,
): Promise<TaskExplanation> {
  const task = await reader.get(actor, uuid);
  const rows = (await dataSource.query(VISIBLE_WORKERS, [
    uuid,
    actor.isAdmin,
    [...actor.roles.keys()],
    silentMs,
  ])) as WorkerRow[];
  const [place] = (await dataSource.query(AHEAD, [uuid])) as { ahead: number }[];
  const noRoom = (await dataSource.query(NO_ROOM, [uuid])) as NoRoomRow[];
  const hold = task.state === 'ready' ? await heldBack({ dataSource, publisher }, uuid) : undefined;
  const waits = await awaited(dataSource, task);
  // Of what has ended or runs nobody asks which worker could take it.
  const needs = await explainNeeds(dataSource, task.needs, isFinal(task.state) ? [] : rows.map(({ id }) => id));
  const workers = (isFinal(task.state) ? [] : rows)
    .map((row) => explainRow(row, task, needs.get(row.id)))
    .sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const ahead = task.state === 'ready' ? (place?.ahead ?? 0) : null;
  return {
    uuid,
    state: task.state,
    summary: summaryOf(task, ahead ?? 0, {
      workers,
      served: await servedGroupsOf(dataSource, actor, silentMs),
      waits,
      noRoom,
      hold,
    }),
    ahead,
    workers,
  };
}
