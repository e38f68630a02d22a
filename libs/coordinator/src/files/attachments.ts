import type { Readable } from 'node:stream';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type {
  AttachmentDownload,
  AttachmentPage,
  AttachmentQuery,
  AttachmentView,
  StoredFile,
  UploadAttachment,
  UploadTicket,
} from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { findGroup, type GroupRef, type GroupUse } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { chargeGroups, discardObjects, type Charge } from './object-ledger.js';
import { storeStream } from './store-stream.js';
import { toWire, urlSeconds } from './to-wire.js';
import { UPLOAD_COLUMNS, type UploadRow, type Uploads } from './uploads.js';

export interface AttachmentsDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly uploads: Uploads;
}

interface Row {
  readonly view: AttachmentView;
  readonly object_key: string;
}

const VIEW = `
  SELECT json_build_object('group', g.name, 'key', a.key, 'size_bytes', a.size_bytes, 'sha256', a.sha256,
    'creator', u.username, 'created_at', ${iso('a.created_at')}) AS view, a.object_key
  FROM attachments a JOIN groups g ON g.id = a.group_id JOIN users u ON u.id = a.creator_id`;

const STORE: GroupUse = { action: 'attachment.write', what: 'storing files', isNew: true };

/** The files that groups share. */
export class Attachments {
  constructor(private readonly deps: AttachmentsDeps) {}

  /** Reserves room, or takes up an upload of the same content by the same person that was broken off. */
  async beginUpload(actor: UserActor, groupName: string, file: UploadAttachment): Promise<UploadTicket> {
    const { dataSource, uploads } = this.deps;
    const group = await findGroup(dataSource, actor, groupName, STORE);
    const [begun] = (await dataSource.query(
      `SELECT ${UPLOAD_COLUMNS} FROM objects WHERE state = 'reserved' AND group_id = $1 AND purpose = 'attachment'
         AND name = $2 AND creator_id = $3 AND size_bytes = $4 AND sha256 = $5 AND usable_until > clock_timestamp()
         ORDER BY created_at LIMIT 1`,
      [group.id, file.key, actor.userId, file.size_bytes, file.sha256],
    )) as UploadRow[];
    return begun ? uploads.ticket(begun) : uploads.begin(this.reservation(actor, group, file));
  }

  /** A body of unknown length, through the coordinator: room is reserved while it passes. */
  async storeStream(
    actor: UserActor,
    groupName: string,
    key: string,
    body: Readable,
    signal: AbortSignal,
  ): Promise<StoredFile> {
    const { dataSource, store, uploads } = this.deps;
    const group = await findGroup(dataSource, actor, groupName, STORE);
    const reservation = { ...this.reservation(actor, group, { key, size_bytes: 0, sha256: '' }), sha256: null };
    const publish = (tx: EntityManager, stored: { sizeBytes: number; sha256: string }): Promise<Charge[]> =>
      this.publish(tx, { objectKey: reservation.key, groupId: group.id, key, creatorId: actor.userId, ...stored });
    const { sizeBytes, sha256 } = await storeStream(
      { dataSource, store, readableMs: uploads.urlLifetimeMs, publish },
      reservation,
      body,
      signal,
    );
    return { name: key, size_bytes: sizeBytes, sha256 };
  }

  async query(
    actor: UserActor,
    groupName: string,
    { prefix = '', limit, offset, after = '', count }: AttachmentQuery,
  ): Promise<AttachmentPage> {
    const { dataSource } = this.deps;
    const group = await findGroup(dataSource, actor, groupName, { action: 'attachment.read' });
    const rows = (await dataSource.query(
      `${VIEW} WHERE a.group_id = $1 AND starts_with(a.key, $2) AND a.key >= $2 AND a.key > $3 ORDER BY a.key
        LIMIT $4 OFFSET $5`,
      [group.id, prefix, after, limit + 1, offset],
    )) as Row[];
    const page = rows.slice(0, limit).map(({ view }) => view);
    const next = rows.length > limit ? (page.at(-1)?.key ?? null) : null;
    return {
      attachments: page,
      next,
      ...(count ? await this.count(group, prefix) : { count: null, total_bytes: null }),
    };
  }

  async get(actor: UserActor, groupName: string, key: string): Promise<AttachmentDownload> {
    const { dataSource, store, uploads } = this.deps;
    const group = await findGroup(dataSource, actor, groupName, { action: 'attachment.read' });
    const [row] = (await dataSource.query(`${VIEW} WHERE a.group_id = $1 AND a.key = $2`, [group.id, key])) as Row[];
    if (!row) throw attachmentNotFound(groupName, key);
    const expiresInS = urlSeconds(uploads.urlLifetimeMs);
    const download = await store.signGet(row.object_key, { expiresInS, downloadName: key.split('/').at(-1) ?? key });
    return { ...row.view, download: toWire(download) };
  }

  /** Returns the keys that were there. */
  async delete(actor: UserActor, groupName: string, keys: readonly string[]): Promise<string[]> {
    const { dataSource, uploads } = this.deps;
    const group = await findGroup(dataSource, actor, groupName, {
      action: 'attachment.delete',
      what: 'deleting files',
    });
    return dataSource.transaction(async (tx) => {
      const [rows] = (await tx.query(
        `DELETE FROM attachments WHERE group_id = $1 AND key IN (
           SELECT key FROM attachments WHERE group_id = $1 AND key = ANY ($2) ORDER BY key FOR UPDATE)
           RETURNING key, object_key`,
        [group.id, keys],
      )) as [{ key: string; object_key: string }[], number];
      await chargeGroups(
        tx,
        await discardObjects(
          tx,
          rows.map(({ object_key }) => object_key),
          uploads.urlLifetimeMs,
        ),
      );
      const deleted = rows.map(({ key }) => key).sort();
      if (deleted.length > 0) await recordRequest(tx, `attachments of ${groupName}`, { keys: deleted });
      return deleted;
    });
  }

  async deleteOne(actor: UserActor, groupName: string, key: string): Promise<void> {
    const deleted = await this.delete(actor, groupName, [key]);
    if (deleted.length === 0) throw attachmentNotFound(groupName, key);
  }

  /** Gives a stored object its key, replacing another; returns how the charges move. */
  async publish(
    tx: EntityManager,
    file: { objectKey: string; groupId: string; key: string; creatorId: string; sizeBytes: number; sha256: string },
  ): Promise<Charge[]> {
    const { objectKey, groupId, key, creatorId, sizeBytes, sha256 } = file;
    // Two uploads under one new key: the second has to see the object of the first, to discard it.
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 6))', [`${groupId}/${key}`]);
    const replaced = (await tx.query(
      'SELECT object_key FROM attachments WHERE group_id = $1 AND key = $2 AND object_key <> $3 FOR UPDATE',
      [groupId, key, objectKey],
    )) as { object_key: string }[];
    await tx.query(
      `INSERT INTO attachments (group_id, key, object_key, size_bytes, sha256, creator_id)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (group_id, key) DO UPDATE SET object_key = excluded.object_key, size_bytes = excluded.size_bytes,
         sha256 = excluded.sha256, creator_id = excluded.creator_id, created_at = now()`,
      [groupId, key, objectKey, sizeBytes, sha256, creatorId],
    );
    await recordRequest(tx, `attachment ${key}`, { group: groupId, sha256, size_bytes: sizeBytes });
    return discardObjects(
      tx,
      replaced.map(({ object_key }) => object_key),
      this.deps.uploads.urlLifetimeMs,
    );
  }

  private reservation(actor: UserActor, group: GroupRef, { key, size_bytes: sizeBytes, sha256 }: UploadAttachment) {
    const id = uuidv7();
    const purpose = 'attachment' as const;
    return {
      key: `g/${group.id}/${id}`,
      id,
      groupId: group.id,
      purpose,
      taskId: null,
      attempt: null,
      name: key,
      creatorId: actor.userId,
      sizeBytes,
      sha256,
    };
  }

  private async count(group: GroupRef, prefix: string): Promise<{ count: number; total_bytes: number }> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT count(*) AS count, coalesce(sum(size_bytes), 0) AS bytes FROM attachments WHERE group_id = $1
        AND starts_with(key, $2) AND key >= $2`,
      [group.id, prefix],
    )) as { count: string; bytes: string }[];
    return { count: Number(row?.count), total_bytes: Number(row?.bytes) };
  }
}

export function attachmentNotFound(group: string, key: string): MitoError {
  return new MitoError('not-found', 'attachment_not_found', `the group "${group}" has no attachment "${key}"`);
}
