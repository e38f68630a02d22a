import type { DataSource, EntityManager } from 'typeorm';
import type { Log } from '@mitosis/domain';
import type { AttemptRef } from '@mitosis/protocol';
import type { QueueAccess } from '@mitosis/queue';
import { OPEN_ATTEMPT_COLUMNS, settleAttempts, type OpenAttemptRow } from '../attempts/settle-attempts.js';
import { servedGroups } from '../groups/worker-queues.js';
import { servesGroup } from '../kernel/serving.js';
import type { SettledTask } from '../kernel/settled-task.js';
import type { WorkerChannels } from './worker-channels.js';

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

  /**
   * Ends the credentials of workers; what they run is given back and counts as nothing. Only one that `mayReturn` can
   * start again as the same worker.
   */
  async revoke(tx: EntityManager, workers: readonly string[], { mayReturn = false } = {}): Promise<WorkerChange> {
    await tx.query(
      `UPDATE workers SET state = 'gone', identity_hash = CASE WHEN $2 THEN identity_hash END WHERE id = ANY ($1)`,
      [workers, mayReturn],
    );
    return { workers, isRevoked: true, ...(await this.giveBack(tx, workers, 'all')) };
  }

  /** Gives back what workers run of groups that they do not serve. */
  async release(tx: EntityManager, workers: readonly string[]): Promise<WorkerChange> {
    return { workers, isRevoked: false, ...(await this.giveBack(tx, workers, 'unserved')) };
  }

  /** A person has lost `write` in a group: takes it off the workers that the person brought up or gave it a role on. */
  async detachPerson(tx: EntityManager, userId: string, groupId: string): Promise<WorkerChange> {
    return this.detach(tx, '(s.granted_by = $1 OR w.creator_id = $1) AND s.group_id = $2', [userId, groupId]);
  }

  /** A person may no longer do anything: takes away every role on workers of others that the person gave. */
  async withdrawRoles(tx: EntityManager, userId: string): Promise<WorkerChange> {
    return this.detach(tx, 's.granted_by = $1 AND w.creator_id <> $1', [userId]);
  }

  /** A person is no longer a site administrator: takes away the roles that the person gave, but not as a member. */
  async withdrawOversight(tx: EntityManager, userId: string): Promise<WorkerChange> {
    const isMember = `EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = $1 AND m.group_id = s.group_id
      AND m.role IN ('write', 'admin'))`;
    return this.detach(tx, `s.granted_by = $1 AND NOT ${isMember}`, [userId]);
  }

  private async detach(tx: EntityManager, which: string, parameters: readonly string[]): Promise<WorkerChange> {
    const [rows] = (await tx.query(
      `DELETE FROM worker_groups s USING workers w WHERE w.id = s.worker_id AND w.state <> 'gone' AND ${which}
       RETURNING s.worker_id AS id`,
      [...parameters],
    )) as [{ id: string }[], number];
    return this.release(tx, [...new Set(rows.map(({ id }) => id))]);
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

  private async giveBack(tx: EntityManager, workers: readonly string[], which: 'all' | 'unserved') {
    const isServed = `EXISTS (SELECT 1 FROM worker_groups s WHERE s.worker_id = a.worker_id AND s.group_id = t.group_id
      AND ${servesGroup('s')})`;
    const rows = (await tx.query(
      `SELECT ${OPEN_ATTEMPT_COLUMNS}, a.worker_id FROM tasks t
       JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
       WHERE t.state = 'running' AND a.ended_at IS NULL AND a.worker_id = ANY ($1)
         ${which === 'all' ? '' : `AND NOT ${isServed}`}
       ORDER BY t.id FOR UPDATE OF t, a`,
      [workers],
    )) as (OpenAttemptRow & { worker_id: string })[];
    const message = 'the worker may no longer run it';
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
