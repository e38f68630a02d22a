import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { MitoError, objectKey } from '@mitosis/domain';
import type { ArtifactKind, FileFacts, UploadTicket } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { groupOfTask, type GroupUse } from '../groups/find-group.js';
import { chargeGroups, discardObjects, type Charge } from './object-ledger.js';
import { UPLOAD_COLUMNS, type UploadRow, type Uploads } from './uploads.js';

export interface ArtifactRow {
  readonly taskId: string;
  readonly kind: string;
  readonly attempt: number;
  readonly objectKey: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly skipped: readonly object[];
}

/**
 * Makes artifacts visible instead of those that the tasks had before, whose objects are left to the
 * collector; returns how the charges move. The task rows are locked by `tx`.
 */
export async function publishArtifacts(
  tx: EntityManager,
  artifacts: readonly ArtifactRow[],
  readableMs: number,
): Promise<Charge[]> {
  if (artifacts.length === 0) return [];
  const replaced = (await tx.query(
    `SELECT f.object_key FROM artifacts f JOIN unnest($1::uuid[], $2::text[], $3::text[])
       AS n(task_id, kind, object_key)
       ON f.task_id = n.task_id AND f.kind = n.kind AND f.object_key <> n.object_key`,
    [
      artifacts.map(({ taskId }) => taskId),
      artifacts.map(({ kind }) => kind),
      artifacts.map((artifact) => artifact.objectKey),
    ],
  )) as { object_key: string }[];
  await tx.query(
    `INSERT INTO artifacts (task_id, kind, attempt, object_key, size_bytes, sha256, skipped)
     SELECT "taskId", kind, attempt, "objectKey", "sizeBytes", sha256, skipped FROM jsonb_to_recordset($1::jsonb)
       AS f("taskId" uuid, kind text, attempt int, "objectKey" text, "sizeBytes" bigint, sha256 text, skipped jsonb)
     ON CONFLICT (task_id, kind) DO UPDATE SET attempt = excluded.attempt, object_key = excluded.object_key,
       size_bytes = excluded.size_bytes, sha256 = excluded.sha256, skipped = excluded.skipped, created_at = now()`,
    [JSON.stringify(artifacts)],
  );
  return discardObjects(
    tx,
    replaced.map(({ object_key }) => object_key),
    readableMs,
  );
}

const CHANGE = { action: 'task.manage', what: 'changing the artifacts of a task' } satisfies GroupUse;

/** What people do with the artifacts of tasks: put their own in place, and remove them. */
export class TaskArtifacts {
  constructor(private readonly deps: { readonly dataSource: DataSource; readonly uploads: Uploads }) {}

  async beginUpload(
    actor: UserActor,
    task: string,
    kind: ArtifactKind,
    { size_bytes: sizeBytes, sha256 }: FileFacts,
  ): Promise<UploadTicket> {
    const { dataSource, uploads } = this.deps;
    const group = await groupOfTask(dataSource, actor, task, { ...CHANGE, isNew: true });
    const [begun] = (await dataSource.query(
      `SELECT ${UPLOAD_COLUMNS} FROM objects WHERE state = 'reserved' AND task_id = $1 AND attempt IS NULL AND name = $2
         AND creator_id = $3 AND size_bytes = $4 AND sha256 = $5 AND usable_until > clock_timestamp()
         ORDER BY created_at LIMIT 1`,
      [task, kind, actor.userId, sizeBytes, sha256],
    )) as UploadRow[];
    if (begun) return uploads.ticket(begun);
    const id = uuidv7();
    const key = objectKey(task, 0, id);
    return uploads.begin({
      key,
      id,
      groupId: group.id,
      purpose: 'artifact',
      taskId: task,
      attempt: null,
      name: kind,
      creatorId: actor.userId,
      sizeBytes,
      sha256,
    });
  }

  /** Puts an upload that is complete in the place of the task's artifact. */
  async publish(
    tx: EntityManager,
    {
      task,
      kind,
      objectKey: key,
      sizeBytes,
      sha256,
    }: { task: string; kind: string; objectKey: string; sizeBytes: number; sha256: string },
  ): Promise<Charge[]> {
    const [row] = (await tx.query('SELECT attempt FROM tasks WHERE id = $1 FOR UPDATE', [task])) as {
      attempt: number;
    }[];
    if (!row) throw new MitoError('not-found', 'task_not_found', `the task ${task} is gone`);
    await recordRequest(tx, `artifact ${kind} of task ${task}`, { sha256, size_bytes: sizeBytes });
    const artifact = { taskId: task, kind, attempt: row.attempt, objectKey: key, sizeBytes, sha256, skipped: [] };
    return publishArtifacts(tx, [artifact], this.deps.uploads.urlLifetimeMs);
  }

  /** @throws `task_not_found`, `artifact_not_found`. */
  async delete(actor: UserActor, task: string, kind: ArtifactKind): Promise<void> {
    const { dataSource, uploads } = this.deps;
    await groupOfTask(dataSource, actor, task, CHANGE);
    await dataSource.transaction(async (tx) => {
      await tx.query('SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE', [task]);
      const [rows] = (await tx.query('DELETE FROM artifacts WHERE task_id = $1 AND kind = $2 RETURNING object_key', [
        task,
        kind,
      ])) as [{ object_key: string }[], number];
      if (rows.length === 0)
        throw new MitoError('not-found', 'artifact_not_found', `the task ${task} has no artifact "${kind}"`);
      await recordRequest(tx, `artifact ${kind} of task ${task}`);
      await chargeGroups(
        tx,
        await discardObjects(
          tx,
          rows.map(({ object_key }) => object_key),
          uploads.urlLifetimeMs,
        ),
      );
    });
  }
}
