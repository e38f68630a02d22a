import type { DataSource, EntityManager } from 'typeorm';
import { keepPlan } from '@mitosis/database';
import { MitoError } from '@mitosis/domain';
import type { AttemptLease, AttemptRef } from '@mitosis/protocol';
import type { TaskEvents } from '../events/task-events.js';
import { servesGroup } from '../kernel/serving.js';
import { stateAfter } from '../kernel/task-state-sql.js';
import { claimWithinQuotas } from './claim-within-quotas.js';

export interface ResumeAttemptsDeps {
  readonly dataSource: DataSource;
  readonly events: TaskEvents;
  readonly leaseMs: number;
  /** Called with the queues of the tasks that run again: their entries there are spent. */
  onResumed(queues: readonly string[]): void;
}

interface ResumedRow extends AttemptRef {
  readonly queue: string;
  readonly group: string;
  readonly job: string | null;
}

/**
 * A lost attempt whose task still waits, and no other attempt was opened since. A change of the task draws a
 * new lease for the lost attempt, so that its worker does not continue with what was there before.
 */
const UNTAKEN = `t.state = 'ready' AND NOT t.is_gated AND a.number = t.attempt AND a.outcome = 'lost'`;

/** The worker of the attempt still serves the group of the task. */
const SERVED = `k.id = a.worker_id AND k.state = 'active' AND k.wanted <> 'stop_now' AND s.worker_id = k.id
  AND s.group_id = t.group_id AND ${servesGroup('s')}`;

/** Lost attempts whose worker may continue with them. */
export const RESUMABLE = `${UNTAKEN} AND EXISTS (SELECT 1 FROM workers k, worker_groups s WHERE ${SERVED})`;

/**
 * Opens lost attempts again, with the lease token that the worker and its process hold. The loss no longer
 * counts. `join`, `where` and `lock` say on which further conditions.
 */
function resumeSql({ join, where, lock }: { join: string; where: string; lock: string }): string {
  return keepPlan(`
  WITH back AS (
    SELECT t.id, a.number FROM unnest($1::uuid[], $2::int[], $3::uuid[]) AS r(task_id, number, lease)
    JOIN attempts a ON a.task_id = r.task_id AND a.number = r.number AND a.lease = r.lease
    JOIN tasks t ON t.id = a.task_id ${join}
    WHERE ${UNTAKEN} AND ${where}
    ORDER BY t.id FOR UPDATE OF t, a ${lock}
  ), reopened AS (
    UPDATE attempts a SET ended_at = NULL, outcome = NULL, message = NULL,
      lease_until = clock_timestamp() + $4 * interval '1 millisecond'
    FROM back b WHERE a.task_id = b.id AND a.number = b.number
  )
  UPDATE tasks t SET state = ${stateAfter('resume')}, losses = greatest(t.losses - 1, 0), dispatched_at = NULL,
    is_held = false
  FROM back b WHERE t.id = b.id
  RETURNING t.id AS task, t.attempt, t.queue, t.group_id AS group, t.job_id AS job`);
}

/** As for a claim, the role of the group on the worker is locked: whoever takes it away sees the attempt. */
const RESUME = resumeSql({
  join: `JOIN groups g ON g.id = t.group_id AND g.state = 'active', workers k, worker_groups s`,
  where: `${SERVED} AND (g.running_tasks_max IS NULL OR t.id = ANY ($5::uuid[]))`,
  lock: 'FOR KEY SHARE OF s',
});

const RESUME_TO_END = resumeSql({ join: '', where: 'true', lock: '' });

const columns = (attempts: readonly AttemptLease[]) => [
  attempts.map(({ task }) => task),
  attempts.map(({ attempt }) => attempt),
  attempts.map(({ lease }) => lease),
];

/** Opens lost attempts again, which `tx` has locked and found resumable, to commit their end with it. */
export async function resumeToEnd(tx: EntityManager, attempts: readonly AttemptLease[]): Promise<void> {
  if (attempts.length > 0) await tx.query(RESUME_TO_END, [...columns(attempts), 0]);
}

export type ResumeAttempts = (attempts: readonly AttemptLease[]) => Promise<AttemptRef[]>;

/**
 * Gives lost attempts back to the worker that returns with their leases, as long as nobody else has
 * taken their tasks. Returns those that run again; the worker has to end the others.
 */
export function resumeAttemptsWith({ dataSource, events, leaseMs, onResumed }: ResumeAttemptsDeps): ResumeAttempts {
  return async (attempts) => {
    if (attempts.length === 0) return [];
    /** `admitted`: tasks of groups with a limit for which there is room. */
    const resume = async (tx: EntityManager, wanted: readonly AttemptLease[], admitted: readonly string[]) =>
      ((await tx.query(RESUME, [...columns(wanted), leaseMs, admitted])) as [ResumedRow[], number])[0];
    const free = await resume(dataSource.manager, attempts, []);
    const found = new Set(free.map(({ task }) => task));
    const rest = attempts.filter(({ task }) => !found.has(task));
    const tasks = rest.map(({ task }) => task);
    const limited =
      rest.length === 0 ? [] : await claimWithinQuotas(dataSource, tasks, (tx, admitted) => resume(tx, rest, admitted));
    const rows = [...free, ...limited];
    if (rows.length > 0) onResumed(rows.map(({ queue }) => queue));
    events.publish(rows.map(({ task, group, job }) => ({ task, state: 'running' as const, group, job })));
    return rows.map(({ task, attempt }) => ({ task, attempt }));
  };
}

/**
 * Runs what the worker of an attempt asks for. When the attempt is lost and its worker is back, resumes it
 * first: the heartbeat that would do so may still be on its way.
 */
export async function whileLeased<T>(
  resumeAttempts: ResumeAttempts,
  lease: AttemptLease,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const isStale = error instanceof MitoError && error.code === 'stale_attempt';
    if (!isStale || (await resumeAttempts([lease])).length === 0) throw error;
    return call();
  }
}
