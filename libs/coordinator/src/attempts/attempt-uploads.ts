import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { MitoError, objectKey } from '@mitosis/domain';
import type { AttemptLease, MissingParts, SignedParts, UploadRequest, UploadTicket } from '@mitosis/protocol';
import { checkpointName } from '../files/checkpoints.js';
import { UPLOAD_COLUMNS, uploadNotFound, type UploadRow, type Uploads } from '../files/uploads.js';
import { holdsLease, staleAttempt } from '../kernel/lease.js';

/**
 * What the worker of an attempt stores. Each request carries the lease: whoever lost it can't reserve
 * anything. What is stored becomes visible with the report, and not before.
 */
export class AttemptUploads {
  constructor(private readonly deps: { readonly dataSource: DataSource; readonly uploads: Uploads }) {}

  /** Reserves room, or returns how to continue. @throws `stale_attempt`, `storage_quota_exceeded`. */
  async begin({ kind, number, size_bytes: sizeBytes, sha256, ...lease }: UploadRequest): Promise<UploadTicket> {
    const { dataSource, uploads } = this.deps;
    const groupId = await this.groupOf(lease);
    const { task, attempt } = lease;
    const name = number === undefined ? kind : checkpointName(number);
    const key = objectKey(task, attempt, name);
    const [begun] = (await dataSource.query(`SELECT ${UPLOAD_COLUMNS} FROM objects WHERE key = $1`, [
      key,
    ])) as UploadRow[];
    if (!begun) {
      const purpose = kind === 'output' || kind === 'checkpoint' ? kind : 'artifact';
      return uploads.begin({
        key,
        id: uuidv7(),
        groupId,
        purpose,
        taskId: task,
        attempt,
        name,
        creatorId: null,
        sizeBytes,
        sha256,
      });
    }
    const isSame = begun.sha256 === sha256 && Number(begun.size_bytes) === sizeBytes && begun.state !== 'garbage';
    if (!isSame)
      throw new MitoError('conflict', 'upload_differs', `another ${kind} of this attempt was announced before`);
    return uploads.ticket(begun);
  }

  async missing(id: string, lease: AttemptLease): Promise<MissingParts> {
    return { missing: await this.deps.uploads.missing(await this.find(id, lease)) };
  }

  async signParts(id: string, lease: AttemptLease, numbers: readonly number[]): Promise<SignedParts> {
    return this.deps.uploads.signParts(await this.find(id, lease), numbers);
  }

  /** Makes an object of its parts. */
  async complete(id: string, lease: AttemptLease): Promise<void> {
    await this.deps.uploads.finish(await this.find(id, lease));
  }

  private async groupOf({ task, attempt, lease }: AttemptLease): Promise<string> {
    const [open] = (await this.deps.dataSource.query(
      `SELECT t.group_id FROM attempts a JOIN tasks t ON t.id = a.task_id
       WHERE ${holdsLease()}`,
      [task, attempt, lease],
    )) as { group_id: string }[];
    if (!open) throw staleAttempt();
    return open.group_id;
  }

  private async find(id: string, lease: AttemptLease): Promise<UploadRow> {
    await this.groupOf(lease);
    const [row] = (await this.deps.dataSource.query(
      `SELECT ${UPLOAD_COLUMNS} FROM objects WHERE id = $1 AND task_id = $2 AND attempt = $3 AND state <> 'garbage'`,
      [id, lease.task, lease.attempt],
    )) as UploadRow[];
    if (!row) throw uploadNotFound(id);
    return row;
  }
}
