import type { TaskState } from '@mitosis/domain';
import type { ClaimedTask } from '@mitosis/protocol';
import type { DataSource } from 'typeorm';
import type { WorkerActor } from '../auth/authenticator.js';
import type { Tokens } from '../auth/tokens.js';
import type { TaskEvents } from '../events/task-events.js';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';

/** A worker that is not heard of for this long loses its running attempts. */
export const LEASE_SECONDS = 15;

export interface ClaimRequest {
  readonly task: string;
  readonly request: string;
}

export interface ClaimTasksDeps {
  readonly dataSource: DataSource;
  readonly tokens: Tokens;
  readonly events: TaskEvents;
  /** Called with the queues whose window got room. */
  onClaimed(queues: ReadonlySet<string>): void;
  readonly metrics: Pick<CoordinatorMetrics, 'claimed'>;
}

interface ClaimRow {
  readonly task: string;
  readonly request: string;
  readonly attempt: number;
  readonly lease: string;
  readonly spec: ClaimedTask['spec'];
  readonly timeout_ms: string;
  readonly group: string;
  readonly group_id: string;
  readonly job: string | null;
  readonly queue: string;
  readonly is_new: boolean;
  /** Queues of tasks that waited for this one to start. */
  readonly released: { task: string; state: TaskState; queue: string; group: string; job: string | null }[] | null;
  /** From submission, or start time, to the first claim; null for later ones. */
  readonly waited_s: number | null;
}

/**
 * One statement decides each claim: the task is ready, its group and its job are not suspended, the
 * worker is to run tasks, serves its group with `write` and has its tags. The lease is on the
 * database's clock. A claim that was answered before (its reply was lost) gets the same attempt again
 * as long as that is running. Tasks that waited for the start of a claimed one are released with it.
 */
const CLAIM = `
  WITH wanted AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS w(task_id, request)
  ), eligible AS (
    SELECT t.id, w.request FROM tasks t
    JOIN wanted w ON w.task_id = t.id
    JOIN worker_groups s ON s.group_id = t.group_id AND s.worker_id = $1 AND s.role IN ('write', 'admin')
    JOIN workers k ON k.id = $1 AND k.state = 'active' AND k.wanted = 'run' AND (k.tags = '{}' OR k.tags @> t.tags)
    JOIN groups g ON g.id = t.group_id AND g.suspended_at IS NULL
    LEFT JOIN jobs j ON j.id = t.job_id
    WHERE t.state = 'ready' AND j.suspended_at IS NULL
    ORDER BY t.id FOR UPDATE OF t
  ), claimed AS (
    UPDATE tasks t SET state = 'running', attempt = t.attempt + 1, dispatched_at = NULL,
      started_at = coalesce(t.started_at, clock_timestamp()), progress = NULL, progress_message = NULL
    FROM eligible e WHERE t.id = e.id AND t.state = 'ready'
    RETURNING t.id, t.attempt, t.spec, t.timeout_ms, t.group_id, t.job_id, t.queue, e.request,
      CASE WHEN t.attempt = 1 THEN extract(epoch FROM clock_timestamp() - greatest(t.created_at, t.not_before))::float8 END AS waited_s
  ), opened AS (
    INSERT INTO attempts (task_id, number, worker_id, claim_request, lease, lease_until, started_at)
    SELECT id, attempt, $1, request, gen_random_uuid(),
      clock_timestamp() + interval '${LEASE_SECONDS} seconds', clock_timestamp()
    FROM claimed
    RETURNING task_id, number, claim_request, lease
  ), met AS (
    UPDATE dependencies d SET state = 'met' FROM claimed c
    WHERE d.on_id = c.id AND d.state = 'open' AND d.condition = 'started'
    RETURNING d.task_id
  ), released AS (
    UPDATE tasks t SET waits_for = t.waits_for - m.count,
      state = CASE WHEN t.waits_for = m.count AND t.not_before IS NULL THEN 'ready' ELSE t.state END
    FROM (SELECT task_id, count(*)::int AS count FROM met GROUP BY task_id) m
    WHERE t.id = m.task_id AND t.state = 'pending'
    RETURNING t.id AS task, t.state, t.queue, t.group_id AS group, t.job_id AS job
  )
  SELECT o.task_id AS task, o.claim_request AS request, o.number AS attempt, o.lease, c.spec, c.timeout_ms,
    g.name AS group, g.id AS group_id, c.job_id AS job, c.queue, true AS is_new, c.waited_s,
    (SELECT json_agg(r) FROM released r WHERE r.state = 'ready') AS released
  FROM opened o JOIN claimed c ON c.id = o.task_id JOIN groups g ON g.id = c.group_id
  UNION ALL
  SELECT a.task_id, a.claim_request, a.number, a.lease, t.spec, t.timeout_ms, g.name, g.id, t.job_id, t.queue, false, NULL, NULL
  FROM wanted w
  JOIN attempts a ON a.task_id = w.task_id AND a.claim_request = w.request AND a.worker_id = $1 AND a.ended_at IS NULL
  JOIN tasks t ON t.id = a.task_id JOIN groups g ON g.id = t.group_id`;

/** An attempt token lives as long as the task may run, and some time for its end. */
const TOKEN_GRACE_MS = 3_600_000;

/** Opens an attempt for each task that `worker` may run now; the others are left out of the answer. */
export function claimTasksWith({ dataSource, tokens, events, onClaimed, metrics }: ClaimTasksDeps) {
  const toAnswer = async (row: ClaimRow): Promise<ClaimedTask> => {
    const { task, request, attempt, lease, spec, group, job } = row;
    const timeoutMs = Number(row.timeout_ms);
    const expiresAt = new Date(Date.now() + timeoutMs + TOKEN_GRACE_MS);
    const token = await tokens.sign('attempt', { subject: task, id: `${attempt}.${lease}` }, expiresAt);
    return { task, request, attempt, lease, token, spec, timeout_ms: timeoutMs, group, job };
  };
  return async (worker: WorkerActor, claims: readonly ClaimRequest[]): Promise<ClaimedTask[]> => {
    const rows = (await dataSource.query(CLAIM, [
      worker.workerId,
      claims.map(({ task }) => task),
      claims.map(({ request }) => request),
    ])) as ClaimRow[];
    const fresh = rows.filter(({ is_new }) => is_new);
    const released = fresh[0]?.released ?? [];
    onClaimed(new Set([...fresh, ...released].map(({ queue }) => queue)));
    events.publish([
      ...fresh.map(({ task, group_id: group, job }) => ({ task, state: 'running' as const, group, job })),
      ...released.map(({ task, state, group, job }) => ({ task, state, group, job })),
    ]);
    metrics.claimed({ asked: claims.length, answered: rows.length, waitedS: fresh.map(({ waited_s }) => waited_s) });
    return Promise.all(rows.map(toAnswer));
  };
}
