import type { DataSource, EntityManager } from 'typeorm';
import { isAllowed, isFinal, MitoError, type TaskState } from '@mitosis/domain';
import type { CancelAnswer, CancelResult, TaskFilters } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskEvents } from '../events/task-events.js';
import { taskNotFound } from '../groups/find-group.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { stateAfter } from '../kernel/task-state-sql.js';
import type { TellWorker } from '../kernel/tell-worker.js';
import { inTransaction } from '../kernel/transaction.js';
import { countByState, findTasks } from './find-tasks.js';
import { indexFailures } from './index-failures.js';
import { settleDependents } from './settle-dependents.js';
import { tasksAsObject } from './tasks-as-object.js';

export interface TaskCancellerDeps {
  readonly dataSource: DataSource;
  readonly channels: TellWorker;
  readonly events: TaskEvents;
  /** Called after the commit with what has ended or moved on. */
  onSettled(settled: readonly SettledTask[]): void;
}

interface Row {
  readonly id: string;
  readonly state: TaskState;
  readonly group_id: string;
  readonly creator_id: string;
  readonly job: string | null;
  readonly queue: string;
  readonly attempt: number;
  readonly worker: string | null;
}

interface Cancelled {
  readonly results: CancelResult[];
  readonly settled: SettledTask[];
  readonly running: Row[];
}

/** Tasks that are cancelled in one transaction. */
const BATCH = 1_000;
/** In one request: a caller that wants more asks again. */
const FOUND_MAX = 20_000;

const OPEN_STATES: TaskState[] = ['pending', 'ready', 'running'];
const STILL_OPEN = `(t.state IN ('pending', 'ready') OR (t.state = 'running' AND t.cancel_requested_at IS NULL))`;

/** What makes {@link TaskCanceller.found} and its preview find the same tasks. */
const CANCELLABLE = { only: STILL_OPEN, action: 'task.cancel' } as const;

const CANCEL_WAITING = `
  UPDATE tasks SET state = ${stateAfter('cancel')}, reason = 'cancelled', message = $3, dispatched_at = NULL,
    not_before = NULL, is_held = false,
    finished_at = clock_timestamp(), cancel_requested_at = clock_timestamp(), cancelled_by = $2, cancel_reason = $3
  WHERE id = ANY ($1)`;

/** Who asked first is kept. */
const REQUEST_RUNNING = `
  UPDATE tasks SET cancel_requested_at = clock_timestamp(), cancelled_by = $2, cancel_reason = $3
  WHERE id = ANY ($1) AND cancel_requested_at IS NULL`;

const NAMED = `
  SELECT t.id, t.state, t.group_id, t.creator_id, t.job_id AS job, t.queue, t.attempt, a.worker_id AS worker
  FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
  WHERE t.id = ANY ($1)`;

/** How many of those that would be cancelled are shown. */
const SAMPLE = 5;

const isWaiting = (state: string): boolean => state !== 'running';

function judge(actor: UserActor, row: Row | undefined): CancelResult['result'] {
  if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) return 'not_found';
  if (!isAllowed(actor, { action: 'task.cancel', groupId: row.group_id, creatorId: row.creator_id }))
    return 'forbidden';
  if (isFinal(row.state)) return 'ended';
  return row.state === 'running' ? 'requested' : 'cancelled';
}

function judgeAll(actor: UserActor, uuids: readonly string[], rows: ReadonlyMap<string, Row>): CancelResult[] {
  return uuids.map((uuid) => ({ uuid, result: judge(actor, rows.get(uuid)) }));
}

/** Tasks that the filters find and that can be cancelled: no filter on the state means the open ones. */
function stillOpen(filters: TaskFilters): TaskFilters {
  return { ...filters, state: filters.state ?? OPEN_STATES };
}

async function cancelBatch(
  tx: EntityManager,
  actor: UserActor,
  uuids: readonly string[],
  reason: string | null,
): Promise<Cancelled> {
  const rows = (await tx.query(`${NAMED} ORDER BY t.id FOR NO KEY UPDATE OF t`, [uuids])) as Row[];
  const byId = new Map(rows.map((row) => [row.id, row]));
  const results = judgeAll(actor, uuids, byId);
  const of = (wanted: CancelResult['result']): Row[] =>
    results.flatMap(({ uuid, result }) => (result === wanted ? [byId.get(uuid) as Row] : []));
  const [waiting, running] = [of('cancelled'), of('requested')];
  const idsOf = (some: readonly Row[]): string[] => some.map(({ id }) => id);
  if (waiting.length > 0) await tx.query(CANCEL_WAITING, [idsOf(waiting), actor.userId, reason]);
  if (running.length > 0) await tx.query(REQUEST_RUNNING, [idsOf(running), actor.userId, reason]);
  const touched = idsOf([...waiting, ...running]);
  if (touched.length > 0) {
    const [object, details] = tasksAsObject(touched);
    await recordRequest(tx, object, { ...details, ...(reason !== null && { reason }) });
  }
  // Without a reason there is nothing that the state does not say.
  if (reason !== null) await indexFailures(tx, idsOf(waiting));
  const ended = waiting.map(({ id, job, attempt }) => ({
    id,
    state: 'cancelled' as const,
    hasStarted: attempt > 0,
    job,
  }));
  const settled = waiting.map(({ id: task, queue, group_id: group, job }) => ({
    task,
    queue,
    group,
    job,
    state: 'cancelled' as const,
    delayMs: 0,
  }));
  return { results, running, settled: [...settled, ...(await settleDependents(tx, ended))] };
}

/**
 * Cancels tasks: what waits ends at once, with what depends on it; for what runs the request is kept
 * and its worker told. The answer to each heartbeat says it again, so that a lost order takes effect.
 */
export class TaskCanceller {
  constructor(private readonly deps: TaskCancellerDeps) {}

  /** Throws `task_not_found`, `role_required`. */
  async one(actor: UserActor, uuid: string, reason: string | undefined): Promise<CancelResult> {
    const [result] = (await this.named(actor, [uuid], reason)).results ?? [];
    if (!result || result.result === 'not_found') throw taskNotFound(uuid);
    if (result.result === 'forbidden') {
      throw new MitoError(
        'forbidden',
        'role_required',
        'cancelling a task of somebody else needs the role write in its group, one of your own write-wasm',
      );
    }
    return result;
  }

  async named(actor: UserActor, uuids: readonly string[], reason: string | undefined): Promise<CancelAnswer> {
    const results = await this.cancel(actor, [...new Set(uuids)], reason);
    return { ...countsOf(results), results };
  }

  /** All that the filters find, at most 20,000 at a time; asked again until it returns zeros, it cancels all. */
  async found(actor: UserActor, filters: TaskFilters, reason: string | undefined): Promise<CancelAnswer> {
    const total = { cancelled: 0, requested: 0 };
    const found = await findTasks(this.deps.dataSource, actor, stillOpen(filters), {
      ...CANCELLABLE,
      limit: FOUND_MAX,
    });
    for (let at = 0; at < found.length; at += BATCH) {
      const { cancelled, requested } = countsOf(
        await this.cancel(
          actor,
          found.slice(at, at + BATCH).map(({ id }) => id),
          reason,
        ),
      );
      total.cancelled += cancelled;
      total.requested += requested;
    }
    return total;
  }

  /** What {@link named} would answer. */
  async previewNamed(actor: UserActor, uuids: readonly string[]): Promise<CancelAnswer> {
    const rows = (await this.deps.dataSource.query(NAMED, [uuids])) as Row[];
    const results = judgeAll(actor, [...new Set(uuids)], new Map(rows.map((row) => [row.id, row])));
    return { ...countsOf(results), results };
  }

  /** What {@link found} would do when it is asked until it returns zeros, with the newest few. */
  async previewFound(actor: UserActor, filters: TaskFilters): Promise<CancelAnswer> {
    const { dataSource } = this.deps;
    const newest = await findTasks(dataSource, actor, stillOpen(filters), { ...CANCELLABLE, limit: SAMPLE });
    const sample = (await dataSource.query(
      'SELECT id AS uuid, name, state FROM tasks WHERE id = ANY ($1) ORDER BY seq DESC',
      [newest.map(({ id }) => id)],
    )) as NonNullable<CancelAnswer['sample']>;
    const byState = await countByState(dataSource, actor, stillOpen(filters), CANCELLABLE);
    const count = (wanted: boolean): number =>
      byState.reduce((sum, { state, count }) => (isWaiting(state) === wanted ? sum + count : sum), 0);
    return { cancelled: count(true), requested: count(false), sample };
  }

  private async cancel(
    actor: UserActor,
    uuids: readonly string[],
    reason = null as string | null,
  ): Promise<CancelResult[]> {
    const { results, settled, running } = await inTransaction(this.deps.dataSource, (tx) =>
      cancelBatch(tx, actor, uuids, reason),
    );
    for (const { id: task, attempt, worker } of running) {
      if (worker !== null)
        this.deps.channels.send(worker, { type: 'cancel', attempt: { task, attempt }, reason: reason ?? 'cancelled' });
    }
    this.deps.onSettled(settled);
    return results;
  }
}

function countsOf(results: readonly CancelResult[]): { cancelled: number; requested: number } {
  const count = (wanted: CancelResult['result']): number => results.filter(({ result }) => result === wanted).length;
  return { cancelled: count('cancelled'), requested: count('requested') };
}
