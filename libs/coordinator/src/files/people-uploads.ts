import type { DataSource, EntityManager } from 'typeorm';
import { isAllowed } from '@mitosis/domain';
import type { MissingParts, SignedParts, StoredFile } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { Attachments } from './attachments.js';
import { chargeGroups, settleObjects, type Charge } from './object-ledger.js';
import type { TaskArtifacts } from './task-artifacts.js';
import { UPLOAD_COLUMNS, uploadNotFound, type UploadRow, type Uploads } from './uploads.js';

interface OwnUpload extends UploadRow {
  readonly purpose: 'artifact' | 'attachment';
  readonly group_id: string;
  readonly task_id: string | null;
  readonly name: string;
}

export interface PeopleUploadsDeps {
  readonly dataSource: DataSource;
  readonly uploads: Uploads;
  readonly attachments: Attachments;
  readonly artifacts: TaskArtifacts;
}

/** Uploads under way, for the person who began them and may still do so. */
export class PeopleUploads {
  constructor(private readonly deps: PeopleUploadsDeps) {}

  async missing(actor: UserActor, id: string): Promise<MissingParts> {
    return { missing: await this.deps.uploads.missing(await this.find(actor, id)) };
  }

  async signParts(actor: UserActor, id: string, numbers: readonly number[]): Promise<SignedParts> {
    return this.deps.uploads.signParts(await this.find(actor, id), numbers);
  }

  /** Makes visible what was uploaded, instead of what was there. May be repeated. */
  async complete(actor: UserActor, id: string): Promise<StoredFile> {
    const { dataSource, uploads } = this.deps;
    const row = await this.find(actor, id);
    await uploads.finish(row);
    const stored = { name: row.name, size_bytes: Number(row.size_bytes), sha256: row.sha256 ?? '' };
    if (row.state === 'stored') return stored;
    await uploads.assertContent(row);
    await dataSource.transaction(async (tx) => {
      const settled = await settleObjects(tx, [row.key]);
      // None was settled: a twin of this request was faster, or the upload was given up.
      if (settled.length > 0) await chargeGroups(tx, [...settled, ...(await this.publish(tx, actor, row))]);
    });
    return stored;
  }

  async abandon(actor: UserActor, id: string): Promise<void> {
    const row = await this.find(actor, id);
    if (row.state === 'reserved') await this.deps.uploads.abandon(row);
  }

  private publish(tx: EntityManager, actor: UserActor, row: OwnUpload): Promise<Charge[]> {
    const facts = { objectKey: row.key, sizeBytes: Number(row.size_bytes), sha256: row.sha256 ?? '' };
    if (row.task_id !== null) return this.deps.artifacts.publish(tx, { ...facts, task: row.task_id, kind: row.name });
    return this.deps.attachments.publish(tx, {
      ...facts,
      groupId: row.group_id,
      key: row.name,
      creatorId: actor.userId,
    });
  }

  private async find(actor: UserActor, id: string): Promise<OwnUpload> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT ${UPLOAD_COLUMNS}, purpose, group_id, task_id, name FROM objects
       WHERE id = $1 AND creator_id = $2 AND attempt IS NULL AND state <> 'garbage' AND sha256 IS NOT NULL`,
      [id, actor.userId],
    )) as OwnUpload[];
    const action = row?.purpose === 'artifact' ? 'task.manage' : 'attachment.write';
    const isOrphaned = row?.purpose === 'artifact' && row.task_id === null;
    if (!row || isOrphaned || !isAllowed(actor, { action, groupId: row.group_id })) throw uploadNotFound(id);
    return row;
  }
}
