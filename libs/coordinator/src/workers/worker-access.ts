import type { DataSource, EntityManager } from 'typeorm';
import type { Log } from '@mitosis/domain';
import type { AttemptRef } from '@mitosis/protocol';
import type { QueueAccess } from '@mitosis/queue';
import { OPEN_ATTEMPT_COLUMNS, settleAttempts, type OpenAttemptRow } from '../tasks/settle-attempts.js';
import type { SettledTask } from '../tasks/settled-task.js';
import type { WorkerChannels } from './worker-channels.js';
import { servedGroups } from './worker-queues.js';

/** What a transaction has done to workers, to be made known after its commit. */
export interface WorkerChange {
  readonly workers: readonly string[];
  readonly isRevoked: boolean;
  readonly settled: readonly SettledTask[];
  /** Attempts that were taken away, by worker. */
  readonly stale: ReadonlyMap<string, readonly AttemptRef[]>;
}

export interface WorkerAccessDeps {
  readonly dataSource: DataSource;
  readonly access: QueueAccess;
  readonly channels: WorkerChannels;
  readonly log: Log;
  onSettled(settled: readonly SettledTask[]): void;
}

const RETRY_MS = 5_000;
const RETRIES = 60;

/**
 * Takes work away from workers, in two steps: rows within the transaction of whoever decides it,
 * then, after the commit, the queues and the workers themselves.
 */
export class WorkerAccess {
  constructor(private readonly deps: WorkerAccessDeps) {}

  /** Ends the credentials of workers; what they run is given back and counts as nothing. */
  async revoke(tx: EntityManager, workers: readonly string[]): Promise<WorkerChange> {
    await tx.query(`UPDATE workers SET state = 'gone' WHERE id = ANY ($1)`, [workers]);
    return { workers, isRevoked: true, ...(await this.giveBack(tx, workers, null)) };
  }

  /** Gives back what workers run of groups that they do not serve (any more). */
  async release(tx: EntityManager, workers: readonly string[], groupIds: readonly string[]): Promise<WorkerChange> {
    return { workers, isRevoked: false, ...(await this.giveBack(tx, workers, groupIds)) };
  }

  /** Takes the groups away from the active workers that a user has brought up, where they hold `write`. */
  async detachCreator(tx: EntityManager, userId: string, groupIds: readonly string[]): Promise<WorkerChange> {
    const [rows] = (await tx.query(
      `DELETE FROM worker_groups s USING workers w
       WHERE w.id = s.worker_id AND w.creator_id = $1 AND s.group_id = ANY ($2) AND w.state <> 'gone'
       RETURNING s.worker_id AS id`,
      [userId, groupIds],
    )) as [{ id: string }[], number];
    return this.release(tx, [...new Set(rows.map(({ id }) => id))], groupIds);
  }

  /** To be called after the commit: first the queues are closed, then the workers told, then the tasks go elsewhere. */
  async announce({ workers, isRevoked, settled, stale }: WorkerChange): Promise<void> {
    await Promise.all(workers.map((worker) => this.syncQueues(worker, RETRIES)));
    for (const [worker, attempts] of stale)
      this.deps.channels.send(worker, { type: 'leases', stale: [...attempts], cancelled: [] });
    if (isRevoked) this.deps.channels.disconnect(workers);
    else this.deps.channels.refresh(workers);
    this.deps.onSettled(settled);
  }

  /** Makes the queue server agree with the rows. One that is away is tried again: a claim is refused meanwhile. */
  private async syncQueues(worker: string, retries: number): Promise<void> {
    const { dataSource, access, log } = this.deps;
    try {
      const groups = await servedGroups(dataSource, worker);
      if (groups) await access.grant(worker, groups);
      else await access.revoke(worker);
    } catch (error) {
      log.warn({ err: error, worker, retries }, 'the access of a worker to the queues was not changed yet');
      if (retries > 0) setTimeout(() => void this.syncQueues(worker, retries - 1), RETRY_MS).unref();
    }
  }

  private async giveBack(tx: EntityManager, workers: readonly string[], groupIds: readonly string[] | null) {
    const rows = (await tx.query(
      `SELECT ${OPEN_ATTEMPT_COLUMNS}, a.worker_id FROM tasks t
       JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
       WHERE t.state = 'running' AND a.ended_at IS NULL AND a.worker_id = ANY ($1)
         AND ($2::uuid[] IS NULL OR t.group_id = ANY ($2))
       ORDER BY t.id FOR UPDATE OF t, a`,
      [workers, groupIds],
    )) as (OpenAttemptRow & { worker_id: string })[];
    const message = 'the worker may not run it any more';
    const settled = await settleAttempts(
      tx,
      rows.map((row) => ({ row, outcome: 'released' as const, message })),
    );
    const stale = new Map<string, AttemptRef[]>();
    for (const { worker_id, task, attempt } of rows)
      stale.set(worker_id, [...(stale.get(worker_id) ?? []), { task, attempt }]);
    return { settled, stale };
  }
}
