import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { invalidField, isAllowed, MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { ProgramFromAttachment, ProgramView, SignedRequest } from '@mitosis/protocol';
import { assertProgramSize, inspectInBackground } from '@mitosis/sandbox';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { attachmentNotFound } from '../files/attachments.js';
import { chargeGroups, discardObjects, type Charge } from '../files/object-ledger.js';
import { storeBytes } from '../files/store-bytes.js';
import { toWire, urlSeconds } from '../files/to-wire.js';
import { findGroup } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { programNotFound } from './assert-programs.js';
import { removePrograms } from './remove-programs.js';

const LIST_MAX = 1000;

const PROGRAM_VIEW = `
  SELECT p.sha256, p.name, g.name AS group, u.username AS creator, p.size_bytes, p.imports,
    ${iso('p.created_at')} AS created_at
  FROM programs p JOIN groups g ON g.id = p.group_id JOIN users u ON u.id = p.creator_id`;

export interface ProgramLibraryDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  /** How long a signed request stays good. */
  readonly urlLifetimeMs: number;
}

interface NewProgram {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The WebAssembly programs of the groups, each charged to the storage quota of its group. */
export class ProgramLibrary {
  constructor(private readonly deps: ProgramLibraryDeps) {}

  /**
   * Stores a program after checking that the sandbox takes it; the same one again changes nothing.
   * Throws what `inspectProgram` throws, with the names of forbidden imports, and `storage_quota_exceeded`.
   */
  async upload(
    actor: UserActor,
    bytes: Uint8Array,
    { group, name }: { group?: string | undefined; name: string },
  ): Promise<ProgramView> {
    const groupId = await this.groupFor(actor, group, 'program.upload');
    return this.store(actor, groupId, { name, bytes });
  }

  /**
   * As `upload`, with the bytes of an attachment of the group as they are now: the program stays when the
   * attachment is changed or deleted. Throws `attachment_not_found` and what `upload` throws.
   */
  async fromAttachment(actor: UserActor, { group, key }: ProgramFromAttachment): Promise<ProgramView> {
    const groupId = await this.groupFor(actor, group, 'program.upload');
    const [attachment] = (await this.deps.dataSource.query(
      'SELECT object_key, size_bytes::float8 AS size, sha256 FROM attachments WHERE group_id = $1 AND key = $2',
      [groupId, key],
    )) as { object_key: string; size: number; sha256: string }[];
    if (!attachment) throw attachmentNotFound(group ?? actor.username, key);
    if (await this.renew(groupId, attachment.sha256)) return this.view(groupId, attachment.sha256);
    assertProgramSize(attachment.size);
    const { body } = await this.deps.store.get(attachment.object_key);
    return this.store(actor, groupId, { name: path.posix.basename(key, '.wasm'), bytes: await buffer(body) });
  }

  /** Throws `program_not_found`, `group_not_found`. */
  async get(actor: UserActor, sha256: string, group?: string): Promise<ProgramView> {
    return this.view(await this.groupFor(actor, group, 'program.read'), sha256);
  }

  /** The newest thousand. */
  async list(actor: UserActor, group?: string): Promise<ProgramView[]> {
    const groupId = await this.groupFor(actor, group, 'program.read');
    return this.deps.dataSource.query(
      `${PROGRAM_VIEW} WHERE p.group_id = $1 ORDER BY p.created_at DESC LIMIT ${LIST_MAX}`,
      [groupId],
    );
  }

  /** Throws `program_in_use` (409) while something that is not over refers to it. */
  async delete(actor: UserActor, sha256: string, group?: string): Promise<void> {
    const groupId = await this.groupFor(actor, group, 'program.read');
    await this.deps.dataSource.transaction(async (tx) => {
      const [program] = (await tx.query(
        'SELECT creator_id FROM programs WHERE group_id = $1 AND sha256 = $2 FOR UPDATE',
        [groupId, sha256],
      )) as { creator_id: string }[];
      if (!program) throw programNotFound(sha256);
      if (!isAllowed(actor, { action: 'program.delete', groupId, creatorId: program.creator_id })) {
        throw new MitoError(
          'forbidden',
          'role_required',
          'deleting a program of somebody else needs the role write in its group, one of your own write-wasm',
        );
      }
      const { left, charges } = await removePrograms(tx, [{ groupId, sha256 }], this.deps.urlLifetimeMs);
      if (left.length > 0)
        throw new MitoError('conflict', 'program_in_use', 'tasks or workloads that are not over use the program');
      await recordRequest(tx, `program ${sha256}`, { group: group ?? actor.username });
      await chargeGroups(tx, charges);
    });
  }

  /** For a worker that has claimed a task with this program. */
  async signDownload(sha256: string, objectKey: string): Promise<SignedRequest> {
    return toWire(
      await this.deps.store.signGet(objectKey, {
        expiresInS: urlSeconds(this.deps.urlLifetimeMs),
        downloadName: `${sha256}.wasm`,
      }),
    );
  }

  private async store(actor: UserActor, groupId: string, { name, bytes }: NewProgram): Promise<ProgramView> {
    if (/\p{Cc}/u.test(name)) throw invalidField('name', 'must not have control characters');
    const { sizeBytes, imports, sha256 } = await inspectInBackground(bytes);
    if (await this.renew(groupId, sha256)) return this.view(groupId, sha256);
    const id = uuidv7();
    const object = {
      key: `p/${groupId}/${id}`,
      id,
      groupId,
      purpose: 'program' as const,
      taskId: null,
      attempt: null,
      name,
      creatorId: actor.userId,
      sizeBytes,
      sha256,
    };
    const publish = (tx: EntityManager): Promise<Charge[]> =>
      this.publish(tx, { ...object, imports: [...new Set(imports)] });
    await storeBytes({ ...this.deps, publish }, object, bytes, 'application/wasm');
    return this.view(groupId, sha256);
  }

  /** Of two that store the same program at once, one object counts. */
  private async publish(
    tx: EntityManager,
    {
      key,
      groupId,
      sha256,
      name,
      sizeBytes,
      imports,
      creatorId,
    }: {
      key: string;
      groupId: string;
      sha256: string;
      name: string;
      sizeBytes: number;
      imports: string[];
      creatorId: string;
    },
  ): Promise<Charge[]> {
    const added = (await tx.query(
      `INSERT INTO programs (group_id, sha256, name, size_bytes, imports, creator_id, object_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (group_id, sha256) DO UPDATE SET used_at = clock_timestamp() RETURNING object_key`,
      [groupId, sha256, name, sizeBytes, imports, creatorId, key],
    )) as { object_key: string }[];
    await recordRequest(tx, `program ${sha256}`, { group: groupId, name, size_bytes: sizeBytes });
    return added[0]?.object_key === key ? [] : discardObjects(tx, [key], this.deps.urlLifetimeMs);
  }

  /** True when the group has the program; it counts as used. */
  private async renew(groupId: string, sha256: string): Promise<boolean> {
    const [, count] = (await this.deps.dataSource.query(
      'UPDATE programs SET used_at = clock_timestamp() WHERE group_id = $1 AND sha256 = $2',
      [groupId, sha256],
    )) as [unknown, number];
    return count > 0;
  }

  private async view(groupId: string, sha256: string): Promise<ProgramView> {
    const [program] = (await this.deps.dataSource.query(`${PROGRAM_VIEW} WHERE p.group_id = $1 AND p.sha256 = $2`, [
      groupId,
      sha256,
    ])) as ProgramView[];
    if (!program) throw programNotFound(sha256);
    return program;
  }

  private async groupFor(
    actor: UserActor,
    group: string | undefined,
    action: 'program.read' | 'program.upload',
  ): Promise<string> {
    const use = { action, what: 'storing a program', isNew: action === 'program.upload' };
    return (await findGroup(this.deps.dataSource, actor, group ?? actor.username, use)).id;
  }
}
