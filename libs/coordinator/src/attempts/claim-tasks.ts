import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { keepPlan } from '@mitosis/database';
import type { Log, TaskState } from '@mitosis/domain';
import { bareReport, ClaimedTask, type AttemptReport, type ClaimedStep, type SignedRequest } from '@mitosis/protocol';
import type { WorkerActor } from '../auth/authenticator.js';
import type { Tokens } from '../auth/tokens.js';
import { wantsNotice } from '../events/notice-marks.js';
import type { TaskEvents } from '../events/task-events.js';
import { servesGroup } from '../kernel/serving.js';
import { mayHappen, stateAfter } from '../kernel/task-state-sql.js';
import { isPassing } from '../kernel/transaction.js';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';
import { claimPlaced, NOTHING_PLACED, type Placed } from './claim-placed.js';
import { claimWithinQuotas } from './claim-within-quotas.js';

export interface ClaimRequest {
  readonly task: string;
  readonly request: string;
}

export interface ClaimTasksDeps {
  readonly dataSource: DataSource;
  readonly tokens: Tokens;
  readonly events: TaskEvents;
  readonly leaseMs: number;
  /** Called with the queue of each task that was taken from one. */
  onClaimed(queues: readonly string[]): void;
  /** Called with the queues of tasks that waited for one of these to start. */
  onReady(queues: ReadonlySet<string>): void;
  readonly metrics: Pick<CoordinatorMetrics, 'claimed'>;
  /** Called with queues whose jobs another worker has to take, some time later. */
  onAvoided(queues: ReadonlySet<string>): void;
  /** Called with tasks for which the machine of the worker has no room. */
  onNoRoom(workerId: string, tasks: readonly string[]): void;
  signProgram(sha256: string, objectKey: string): Promise<SignedRequest>;
  secretsFor(groupId: string, names: readonly string[]): Promise<Record<string, string>>;
  /** Ends the attempt of a task that can't be handed out. */
  commitReports(reports: readonly AttemptReport[]): Promise<unknown>;
  readonly log: Log;
  /** Memory of a WASM task that asks for no amount. */
  readonly sandboxMemoryBytes: number;
}

interface ClaimRow {
  readonly task: string;
  readonly request: string;
  readonly attempt: number;
  readonly lease: string;
  readonly spec: ClaimedTask['spec'];
  readonly timeout_ms: string | null;
  readonly upstream: string | null;
  readonly group: string;
  readonly group_id: string;
  readonly job: string | null;
  readonly queue: string;
  readonly is_new: boolean;
  readonly workload: ClaimedStep | null;
  readonly assigned: ClaimedTask['assigned'] | null;
  readonly has_checkpoint: boolean;
  readonly program_bytes: number | null;
  readonly program_key: string | null;
  /** Queues of tasks that waited for this one to start. */
  readonly released: { task: string; state: TaskState; queue: string; group: string; job: string | null }[] | null;
  /** From submission, or start time, to the first claim; null for later ones. */
  readonly waited_s: number | null;
}

/** What the worker has to know of the workload `w` that the task `t` is a step of, and of its program. */
const STEP = `CASE WHEN w.id IS NOT NULL THEN json_build_object('step', t.workload_step,
  'max_subtasks', w.plan -> 'max_subtasks', 'subtasks', coalesce(w.subtasks, 0)) END AS workload,
  p.size_bytes AS program_bytes, p.object_key AS program_key`;

/** Whether the task `t` has stored a state that it starts with. */
const HAS_CHECKPOINT = `EXISTS (SELECT 1 FROM checkpoints c WHERE c.task_id = t.id) AS has_checkpoint`;

const STEP_JOINS = `LEFT JOIN workloads w ON w.id = t.workload_id
  LEFT JOIN programs p ON p.group_id = t.group_id AND p.sha256 = t.spec -> 'wasm' ->> 'sha256'`;

/**
 * One statement decides each claim: the task is ready, its group and its job are not suspended, the
 * worker is to run tasks, serves its group (`servesGroup`), has its tags, takes its kind, and is not the
 * one whose result it is to check. The role of the group on the worker is locked: whoever takes it away
 * either comes first, or sees the attempt and ends it. The lease is on the
 * database's clock. A claim that was answered before (its reply was lost) gets the same attempt again
 * as long as that is running. Tasks with needs, and all while something of the machine may be held, are claimed only
 * with what `claimPlaced` has given them ($6, by task; $7, its units). Tasks that waited for the start of a claimed one
 * are released with it.
 */
const CLAIM = keepPlan(`
  WITH wanted AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS w(task_id, request)
  ), eligible AS (
    SELECT t.id, w.request FROM (SELECT * FROM wanted ORDER BY task_id) w
    CROSS JOIN LATERAL (
      SELECT id, group_id, job_id, tags, spec, needs FROM tasks
      WHERE id = w.task_id AND state = 'ready' AND NOT is_gated AND avoid_worker_id IS DISTINCT FROM $1 FOR UPDATE
    ) t
    JOIN worker_groups s ON s.group_id = t.group_id AND s.worker_id = $1 AND ${servesGroup('s')}
    JOIN workers k ON k.id = $1 AND k.state = 'active' AND k.wanted = 'run' AND mito_tags_match(k.tags, k.takes, t.tags)
      AND (k.only_kind IS NULL OR t.spec ? k.only_kind)
      AND (t.needs IS NULL AND NOT k.is_shared OR $6::jsonb ? t.id::text)
    JOIN groups g ON g.id = t.group_id AND g.suspended_at IS NULL AND g.state = 'active'
      AND (g.running_tasks_max IS NULL OR t.id = ANY ($4::uuid[]))
    LEFT JOIN jobs j ON j.id = t.job_id
    WHERE j.suspended_at IS NULL FOR KEY SHARE OF s, k
  ), claimed AS (
    UPDATE tasks t SET state = ${stateAfter('claim')}, attempt = t.attempt + 1, dispatched_at = NULL,
      started_at = coalesce(t.started_at, clock_timestamp()), progress = NULL, progress_message = NULL
    FROM eligible e WHERE t.id = e.id AND ${mayHappen('claim', 't.state')}
    RETURNING t.id, t.attempt, t.spec, t.timeout_ms, t.group_id, t.job_id, t.upstream_id, t.queue, e.request,
      CASE WHEN t.attempt = 1 THEN extract(epoch FROM clock_timestamp() - greatest(t.created_at, t.not_before))::float8
        END AS waited_s,
      t.workload_id, t.workload_step, t.creator_id, t.notify
  ), opened AS (
    INSERT INTO attempts (task_id, number, worker_id, claim_request, lease, lease_until, started_at, assigned)
    SELECT id, attempt, $1, request, gen_random_uuid(),
      clock_timestamp() + $5 * interval '1 millisecond', clock_timestamp(), nullif($6::jsonb -> id::text, 'null')
    FROM claimed
    RETURNING task_id, number, claim_request, lease, assigned
  ), holding AS (
    INSERT INTO holdings (task_id, attempt, worker_id, machine, place, assigned)
    SELECT o.task_id, o.number, k.id, k.machine, k.place, o.assigned FROM opened o JOIN workers k ON k.id = $1
    WHERE o.assigned IS NOT NULL
    RETURNING task_id, attempt, machine
  ), units AS (
    INSERT INTO held_units (machine, unit, task_id, attempt, thousandths)
    SELECT h.machine, u.unit, h.task_id, h.attempt, u.thousandths
    FROM holding h JOIN jsonb_to_recordset($7::jsonb) AS u(task uuid, unit text, thousandths int) ON u.task = h.task_id
  ), unreserved AS (
    DELETE FROM reservations r USING claimed c WHERE r.task_id = c.id
  ), noted AS (
    INSERT INTO notice_marks (subject_id, is_job)
    SELECT DISTINCT coalesce(t.job_id, t.id), t.job_id IS NOT NULL FROM (
      SELECT c.id, c.job_id, c.group_id, c.creator_id, c.notify FROM claimed c WHERE c.attempt = 1
      AND c.workload_id IS NULL
    ) t LEFT JOIN jobs j ON j.id = t.job_id WHERE ${wantsNotice(['started'])}
  ), met AS (
    UPDATE dependencies d SET state = 'met' FROM claimed c
    WHERE d.on_id = c.id AND d.state = 'open' AND d.condition = 'started'
    RETURNING d.task_id
  ), released AS (
    UPDATE tasks t SET waits_for = t.waits_for - m.count,
      state = CASE WHEN t.waits_for = m.count AND t.not_before IS NULL THEN ${stateAfter('release')} ELSE t.state END
    FROM (SELECT task_id, count(*)::int AS count FROM met GROUP BY task_id) m
    WHERE t.id = m.task_id AND t.state = 'pending'
    RETURNING t.id AS task, t.state, t.queue, t.group_id AS group, t.job_id AS job
  )
  SELECT o.task_id AS task, o.claim_request AS request, o.number AS attempt, o.lease, t.spec, t.timeout_ms,
    g.name AS group, g.id AS group_id, t.job_id AS job, t.upstream_id AS upstream, t.queue, true AS is_new, t.waited_s,
    (SELECT json_agg(r) FROM released r WHERE r.state = 'ready') AS released, o.assigned, ${HAS_CHECKPOINT}, ${STEP}
  FROM opened o JOIN claimed t ON t.id = o.task_id JOIN groups g ON g.id = t.group_id ${STEP_JOINS}
  UNION ALL
  SELECT a.task_id, a.claim_request, a.number, a.lease, t.spec, t.timeout_ms, g.name, g.id, t.job_id, t.upstream_id,
    t.queue, false, NULL, NULL, a.assigned, ${HAS_CHECKPOINT}, ${STEP}
  FROM wanted r
  CROSS JOIN LATERAL (SELECT * FROM attempts WHERE task_id = r.task_id OFFSET 0) a
  JOIN tasks t ON t.id = a.task_id JOIN groups g ON g.id = t.group_id ${STEP_JOINS}
  WHERE a.claim_request = r.request AND a.worker_id = $1 AND a.ended_at IS NULL`);

/** The job of a task that this worker has to leave to another one is spent: the task gets a new one. */
const GIVE_BACK = `
  UPDATE tasks SET dispatched_at = NULL WHERE id = ANY ($1) AND avoid_worker_id = $2 AND state = 'ready'
  RETURNING queue`;

/** An attempt token lives as long as the task may run, and some time for its end. */
const TOKEN_GRACE_MS = 3_600_000;
/** Of a task without a time limit: it is worth nothing once its attempt has ended. */
const TOKEN_MAX_MS = 10 * 366 * 86_400_000;

/** Who claims, known to be what it says. */
type Claimant = Pick<WorkerActor, 'workerId'>;

interface Claiming {
  readonly worker: Claimant;
  readonly claims: readonly ClaimRequest[];
  readonly leaseMs: number;
  /** Tasks of groups with a limit for which there is room. */
  readonly admitted: readonly string[];
  readonly placed?: Placed;
}

async function claim(
  tx: EntityManager,
  { worker, claims, leaseMs, admitted, placed = NOTHING_PLACED }: Claiming,
): Promise<ClaimRow[]> {
  return (await tx.query(CLAIM, [
    worker.workerId,
    claims.map(({ task }) => task),
    claims.map(({ request }) => request),
    admitted,
    leaseMs,
    JSON.stringify(placed.assignments),
    JSON.stringify(placed.units),
  ])) as ClaimRow[];
}

function stillOpen(tasks: readonly string[], rows: readonly ClaimRow[]): string[] {
  return tasks.filter((task) => rows.every((row) => row.task !== task));
}

/** Opens an attempt for each task that `worker` may run now; the others are left out of the answer. */
export function claimTasksWith({
  dataSource,
  tokens,
  events,
  leaseMs,
  metrics,
  onClaimed,
  onReady,
  onAvoided,
  onNoRoom,
  signProgram,
  secretsFor,
  commitReports,
  log,
  sandboxMemoryBytes,
}: ClaimTasksDeps) {
  const toAnswer = async (row: ClaimRow): Promise<ClaimedTask> => {
    const { task, request, attempt, lease, group, job, upstream, workload, assigned } = row;
    const wasm = row.spec.wasm && { memory_limit_bytes: sandboxMemoryBytes, ...row.spec.wasm };
    const spec = { ...row.spec, ...(wasm && { wasm }) };
    const timeoutMs = row.timeout_ms === null ? null : Number(row.timeout_ms);
    const expiresAt = new Date(Date.now() + (timeoutMs === null ? TOKEN_MAX_MS : timeoutMs + TOKEN_GRACE_MS));
    // A sandboxed program can't reach anybody to show it to.
    const token = wasm ? '' : tokens.signAttempt({ subject: task, id: `${attempt}.${lease}` }, expiresAt);
    const { program_bytes: size_bytes, program_key: objectKey } = row;
    const program = wasm &&
      size_bytes !== null &&
      objectKey !== null && { size_bytes, download: await signProgram(wasm.sha256, objectKey) };
    return {
      task,
      request,
      attempt,
      lease,
      token,
      spec,
      timeout_ms: timeoutMs,
      group,
      job,
      upstream,
      has_checkpoint: row.has_checkpoint,
      secrets: await secretsFor(row.group_id, row.spec.secrets ?? []),
      ...(program && { program }),
      ...(workload && { workload }),
      ...(assigned && { assigned }),
    };
  };
  /** A task that can't be handed out ends its own attempt, with the reason, and keeps no other from the worker. */
  const answerOrFail = async (row: ClaimRow): Promise<ClaimedTask | undefined> => {
    try {
      return ClaimedTask.parse(await toAnswer(row));
    } catch (error) {
      if (isPassing(error)) throw error;
      const { task, attempt, lease } = row;
      log.error({ err: error, task, attempt }, 'a task could not be handed out');
      const why = `the coordinator can't hand it out: ${(error as Error).message}`;
      await commitReports([bareReport({ request: randomUUID(), task, attempt, lease }, why)]);
      return undefined;
    }
  };
  const giveBack = async (worker: Claimant, refused: readonly string[]): Promise<void> => {
    const [rows] = (await dataSource.query(GIVE_BACK, [refused, worker.workerId])) as [{ queue: string }[], number];
    if (rows.length > 0) onAvoided(new Set(rows.map(({ queue }) => queue)));
  };
  return async (worker: Claimant, claims: readonly ClaimRequest[]): Promise<ClaimedTask[]> => {
    const claimed = await claim(dataSource.manager, { worker, claims, leaseMs, admitted: [] });
    const open = claims.filter(({ request }) => claimed.every((row) => row.request !== request));
    const tasks = open.map(({ task }) => task);
    const limited =
      tasks.length === 0
        ? []
        : await claimWithinQuotas(dataSource, tasks, (tx, admitted) =>
            claim(tx, { worker, claims: open, leaseMs, admitted }),
          );
    const { claimed: placed, refused: withoutRoom } = await claimPlaced(
      { dataSource, workerId: worker.workerId, tasks: stillOpen(tasks, limited) },
      (tx, decided, admitted) => claim(tx, { worker, claims: open, leaseMs, admitted, placed: decided }),
    );
    if (withoutRoom.length > 0) onNoRoom(worker.workerId, withoutRoom);
    const rows = [...claimed, ...limited, ...placed];
    const answered = new Set(rows.map(({ task }) => task));
    const refused = tasks.filter((task) => !answered.has(task));
    if (refused.length > 0) await giveBack(worker, refused);
    const fresh = rows.filter(({ is_new }) => is_new);
    const released = fresh[0]?.released ?? [];
    onClaimed(fresh.map(({ queue }) => queue));
    if (released.length > 0) onReady(new Set(released.map(({ queue }) => queue)));
    events.publish([
      ...fresh.map(({ task, group_id: group, job }) => ({ task, state: 'running' as const, group, job })),
      ...released.map(({ task, state, group, job }) => ({ task, state, group, job })),
    ]);
    metrics.claimed({ asked: claims.length, answered: rows.length, waitedS: fresh.map(({ waited_s }) => waited_s) });
    const answers = await Promise.all(rows.map(answerOrFail));
    return answers.flatMap((answer) => answer ?? []);
  };
}
