import type { DataSource, EntityManager } from 'typeorm';
import { isAllowed, MitoError, objectKey } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { StoreCheckpoint, StoredCheckpoint } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { groupOfTask, taskNotFound } from '../groups/find-group.js';
import { holdsLease, staleAttempt } from '../kernel/lease.js';
import { chargeGroups, discardObjects, settleObjects } from './object-ledger.js';
import { toWire, urlSeconds } from './to-wire.js';

/** How many checkpoints of a task are kept: the newest, and one to fall back to. */
const KEPT = 2;

interface Row {
  readonly attempt: number;
  readonly number: number;
  readonly object_key: string;
  readonly size_bytes: string;
  readonly sha256: string;
  readonly created_at: Date;
}

/** Under which name the store has it. */
export const checkpointName = (number: number): string => `checkpoint-${number}`;

/** The two newest of task `$1`. */
const NEWEST = `SELECT attempt, number, object_key, size_bytes, sha256, created_at FROM checkpoints
  WHERE task_id = $1 ORDER BY attempt DESC, number DESC LIMIT ${KEPT}`;

/** Removes rows; objects that no other task starts with are left to the collector. */
const REMOVE = (which: string): string => `
  WITH gone AS (DELETE FROM checkpoints WHERE ${which} RETURNING task_id, object_key)
  SELECT g.object_key, NOT EXISTS (
    SELECT 1 FROM checkpoints c WHERE c.object_key = g.object_key AND c.task_id <> g.task_id) AS is_unused FROM gone g`;

export interface CheckpointsDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly urlLifetimeMs: number;
}

/**
 * What tasks start with again. A state is stored by the attempt that holds the lease, and is newer than all states of
 * earlier attempts: one that was taken away can replace nothing.
 */
export class Checkpoints {
  constructor(private readonly deps: CheckpointsDeps) {}

  /**
   * Makes an upload the newest checkpoint of its task. May be repeated. @throws `stale_attempt`, `upload_incomplete`.
   */
  async publish({ task, attempt, lease, number }: StoreCheckpoint): Promise<void> {
    const { dataSource, store } = this.deps;
    const key = objectKey(task, attempt, checkpointName(number));
    const stored = await store.head(key);
    await dataSource.transaction(async (tx) => {
      const [open] = (await tx.query(
        `SELECT 1 FROM tasks t JOIN attempts a ON a.task_id = t.id WHERE ${holdsLease()} FOR UPDATE OF t, a`,
        [task, attempt, lease],
      )) as unknown[];
      if (!open) throw staleAttempt();
      const [object] = (await tx.query(
        `SELECT size_bytes, sha256 FROM objects WHERE key = $1 AND state <> 'garbage' FOR UPDATE`,
        [key],
      )) as { size_bytes: string; sha256: string }[];
      if (!object || stored?.sizeBytes !== Number(object.size_bytes))
        throw new MitoError('conflict', 'upload_incomplete', 'the checkpoint has not arrived in the store');
      const settled = await settleObjects(tx, [key]);
      await tx.query(
        `INSERT INTO checkpoints (task_id, attempt, number, object_key, size_bytes, sha256)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        [task, attempt, number, key, object.size_bytes, object.sha256],
      );
      const older = `task_id = $1 AND (attempt, number) NOT IN (SELECT attempt, number FROM (${NEWEST}) AS n)`;
      await chargeGroups(tx, [...settled, ...(await this.remove(tx, older, task))]);
    });
  }

  /** The newest first; who asks may read the task. */
  async list(task: string): Promise<StoredCheckpoint[]> {
    const { dataSource, store, urlLifetimeMs } = this.deps;
    const rows = (await dataSource.query(NEWEST, [task])) as Row[];
    const sign = async (row: Row): Promise<StoredCheckpoint> => ({
      attempt: row.attempt,
      number: row.number,
      size_bytes: Number(row.size_bytes),
      sha256: row.sha256,
      created_at: row.created_at.toISOString(),
      download: toWire(
        await store.signGet(row.object_key, {
          expiresInS: urlSeconds(urlLifetimeMs),
          downloadName: `${task}-checkpoint.tar.gz`,
        }),
      ),
    });
    return Promise.all(rows.map(sign));
  }

  /** @throws `task_not_found`. */
  async read(actor: UserActor, task: string): Promise<StoredCheckpoint[]> {
    await groupOfTask(this.deps.dataSource, actor, task, { action: 'task.read' });
    return this.list(task);
  }

  /** The task starts from the beginning then. @throws `task_not_found`, `role_required`. */
  async delete(actor: UserActor, task: string): Promise<void> {
    const what = 'deleting the checkpoints of a task';
    await groupOfTask(this.deps.dataSource, actor, task, { action: 'task.manage', what });
    await this.deps.dataSource.transaction(async (tx) => {
      await tx.query('SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE', [task]);
      await recordRequest(tx, `checkpoints of task ${task}`);
      await chargeGroups(tx, await this.remove(tx, 'task_id = $1', task));
    });
  }

  private async remove(tx: EntityManager, which: string, task: string): ReturnType<typeof discardObjects> {
    const gone = (await tx.query(REMOVE(which), [task])) as { object_key: string; is_unused: boolean }[];
    const unused = gone.filter(({ is_unused: isUnused }) => isUnused).map(({ object_key: key }) => key);
    return discardObjects(tx, unused, this.deps.urlLifetimeMs);
  }
}

/**
 * Lets new tasks start with the newest checkpoint of another task of their group. Throws `task_not_found` for one that
 * the caller may not read, and `checkpoint_not_found`.
 */
export async function takeOverCheckpoints(
  tx: EntityManager,
  actor: UserActor,
  tasks: readonly { readonly id: string; readonly groupId: string; readonly from: string | undefined }[],
): Promise<void> {
  for (const { id, groupId, from } of tasks) {
    if (from === undefined) continue;
    const [source] = (await tx.query('SELECT group_id FROM tasks WHERE id = $1 FOR SHARE', [from])) as {
      group_id: string;
    }[];
    const isReadable = source && isAllowed(actor, { action: 'task.read', groupId: source.group_id });
    if (!isReadable || source.group_id !== groupId) throw taskNotFound(from);
    const taken = (await tx.query(
      `INSERT INTO checkpoints (task_id, attempt, number, object_key, size_bytes, sha256, created_at)
       SELECT $2, 0, 1, object_key, size_bytes, sha256, created_at FROM (${NEWEST}) AS n
       ORDER BY attempt DESC, number DESC LIMIT 1 RETURNING task_id`,
      [from, id],
    )) as unknown[];
    if (taken.length > 0) continue;
    throw new MitoError('not-found', 'checkpoint_not_found', `the task ${from} has stored no checkpoint`, {
      details: { field: 'from_checkpoint' },
    });
  }
}
