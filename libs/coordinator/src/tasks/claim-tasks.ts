import type { ClaimedTask } from '@mitosis/protocol';
import type { DataSource } from 'typeorm';
import type { WorkerActor } from '../auth/authenticator.js';
import type { Tokens } from '../auth/tokens.js';
import type { TaskEvents } from '../events/task-events.js';

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
}

interface ClaimRow {
  readonly task: string;
  readonly request: string;
  readonly attempt: number;
  readonly lease: string;
  readonly spec: ClaimedTask['spec'];
  readonly timeout_ms: string;
  readonly group: string;
  readonly queue: string;
  readonly is_new: boolean;
}

/**
 * One statement decides each claim: the task is ready, the worker is to run tasks, serves its
 * group with `write` and has its tags. The lease is on the database's clock. A claim that was answered before (its
 * reply was lost) gets the same attempt again as long as that is running.
 */
const CLAIM = `
  WITH wanted AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS w(task_id, request)
  ), eligible AS (
    SELECT t.id, w.request FROM tasks t
    JOIN wanted w ON w.task_id = t.id
    JOIN worker_groups s ON s.group_id = t.group_id AND s.worker_id = $1 AND s.role IN ('write', 'admin')
    JOIN workers k ON k.id = $1 AND k.state = 'active' AND k.wanted = 'run' AND (k.tags = '{}' OR k.tags @> t.tags)
    WHERE t.state = 'ready'
    ORDER BY t.id FOR UPDATE OF t
  ), claimed AS (
    UPDATE tasks t SET state = 'running', attempt = t.attempt + 1, dispatched_at = NULL,
      started_at = coalesce(t.started_at, clock_timestamp())
    FROM eligible e WHERE t.id = e.id AND t.state = 'ready'
    RETURNING t.id, t.attempt, t.spec, t.timeout_ms, t.group_id, t.queue, e.request
  ), opened AS (
    INSERT INTO attempts (task_id, number, worker_id, claim_request, lease, lease_until, started_at)
    SELECT id, attempt, $1, request, gen_random_uuid(),
      clock_timestamp() + interval '${LEASE_SECONDS} seconds', clock_timestamp()
    FROM claimed
    RETURNING task_id, number, claim_request, lease
  )
  SELECT o.task_id AS task, o.claim_request AS request, o.number AS attempt, o.lease, c.spec, c.timeout_ms,
    g.name AS group, c.queue, true AS is_new
  FROM opened o JOIN claimed c ON c.id = o.task_id JOIN groups g ON g.id = c.group_id
  UNION ALL
  SELECT a.task_id, a.claim_request, a.number, a.lease, t.spec, t.timeout_ms, g.name, t.queue, false
  FROM wanted w
  JOIN attempts a ON a.task_id = w.task_id AND a.claim_request = w.request AND a.worker_id = $1 AND a.ended_at IS NULL
  JOIN tasks t ON t.id = a.task_id JOIN groups g ON g.id = t.group_id`;

/** An attempt token lives as long as the task may run, and some time for its end. */
const TOKEN_GRACE_MS = 3_600_000;

/** Opens an attempt for each task that `worker` may run now; the others are left out of the answer. */
export function claimTasksWith({ dataSource, tokens, events, onClaimed }: ClaimTasksDeps) {
  const toAnswer = async (row: ClaimRow): Promise<ClaimedTask> => {
    const { task, request, attempt, lease, spec, group } = row;
    const timeoutMs = Number(row.timeout_ms);
    const expiresAt = new Date(Date.now() + timeoutMs + TOKEN_GRACE_MS);
    const token = await tokens.sign('attempt', { subject: task, id: `${attempt}.${lease}` }, expiresAt);
    return { task, request, attempt, lease, token, spec, timeout_ms: timeoutMs, group };
  };
  return async (worker: WorkerActor, claims: readonly ClaimRequest[]): Promise<ClaimedTask[]> => {
    const rows = (await dataSource.query(CLAIM, [
      worker.workerId,
      claims.map(({ task }) => task),
      claims.map(({ request }) => request),
    ])) as ClaimRow[];
    const fresh = rows.filter(({ is_new }) => is_new);
    onClaimed(new Set(fresh.map(({ queue }) => queue)));
    events.publish(fresh.map(({ task }) => ({ task, state: 'running' })));
    return Promise.all(rows.map(toAnswer));
  };
}
