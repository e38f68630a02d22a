import { Program } from '@mitosis/database';
import { type Access, MitoError, invalidField, isAllowed, programKey } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { ProgramFromAttachment, ProgramView, SignedRequest } from '@mitosis/protocol';
import { assertProgramSize, inspectProgram } from '@mitosis/sandbox';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { DataSource } from 'typeorm';
import type { UserActor } from '../auth/authenticator.js';
import { attachmentNotFound } from '../files/attachments.js';
import { toWire } from '../files/to-wire.js';
import { programNotFound } from './assert-programs.js';

/** Long enough to begin a download, short enough to be of no use to anyone who finds it later. */
const URL_LIFETIME_S = 900;

const LIST_MAX = 1000;

const PROGRAM_VIEW = `
  SELECT p.sha256, p.name, g.name AS group, u.username AS creator, p.size_bytes, p.imports,
    to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at
  FROM programs p JOIN groups g ON g.id = p.group_id JOIN users u ON u.id = p.creator_id`;

/** The WebAssembly programs of the groups. Their bytes are stored once, whoever has uploaded them. */
export class ProgramLibrary {
  constructor(private readonly deps: { readonly dataSource: DataSource; readonly store: ObjectStore }) {}

  /**
   * Stores a program after checking that the sandbox takes it; the same one again changes nothing.
   * Throws what `inspectProgram` throws, with the names of forbidden imports.
   */
  async upload(actor: UserActor, bytes: Uint8Array, { group, name }: { group?: string | undefined; name: string }): Promise<ProgramView> {
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
      `SELECT a.object_key, a.size_bytes::float8 AS size, EXISTS (SELECT 1 FROM programs p WHERE p.group_id = a.group_id AND p.sha256 = a.sha256) AS known, a.sha256
       FROM attachments a WHERE a.group_id = $1 AND a.key = $2`,
      [groupId, key],
    )) as { object_key: string; size: number; known: boolean; sha256: string }[];
    if (!attachment) throw attachmentNotFound(group ?? actor.username, key);
    if (attachment.known) return this.view(groupId, attachment.sha256);
    assertProgramSize(attachment.size);
    const { body } = await this.deps.store.get(attachment.object_key);
    return this.store(actor, groupId, { name: path.posix.basename(key, '.wasm'), bytes: await buffer(body) });
  }

  private async store(actor: UserActor, groupId: string, { name, bytes }: { name: string; bytes: Uint8Array }): Promise<ProgramView> {
    if (/\p{Cc}/u.test(name)) throw invalidField('name', 'must not have control characters');
    const { sizeBytes, imports } = inspectProgram(bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    // The row comes last: what is listed can be fetched.
    await this.deps.store.put(programKey(sha256), bytes, { sizeBytes, contentType: 'application/wasm' });
    const row = { groupId, sha256, name, sizeBytes, imports: [...new Set(imports)], creatorId: actor.userId };
    await this.deps.dataSource.createQueryBuilder().insert().into(Program).values(row).orIgnore().execute();
    return this.view(groupId, sha256);
  }

  /** Throws `program_not_found`, `group_not_found`. */
  async get(actor: UserActor, sha256: string, group?: string): Promise<ProgramView> {
    return this.view(await this.groupFor(actor, group, 'program.read'), sha256);
  }

  /** The newest thousand. */
  async list(actor: UserActor, group?: string): Promise<ProgramView[]> {
    const groupId = await this.groupFor(actor, group, 'program.read');
    return this.deps.dataSource.query(`${PROGRAM_VIEW} WHERE p.group_id = $1 ORDER BY p.created_at DESC LIMIT ${LIST_MAX}`, [groupId]);
  }

  /** For a worker that has claimed a task with this program. */
  async signDownload(sha256: string): Promise<SignedRequest> {
    return toWire(await this.deps.store.signGet(programKey(sha256), { expiresInS: URL_LIFETIME_S, downloadName: `${sha256}.wasm` }));
  }

  private async view(groupId: string, sha256: string): Promise<ProgramView> {
    const [program] = (await this.deps.dataSource.query(`${PROGRAM_VIEW} WHERE p.group_id = $1 AND p.sha256 = $2`, [groupId, sha256])) as ProgramView[];
    if (!program) throw programNotFound(sha256);
    return program;
  }

  private async groupFor(actor: UserActor, group: string | undefined, action: 'program.read' | 'program.upload'): Promise<string> {
    const name = group ?? actor.username;
    const [row] = (await this.deps.dataSource.query('SELECT id FROM groups WHERE name = $1', [name])) as { id: string }[];
    const may = (wanted: Access['action']): boolean => row !== undefined && isAllowed(actor, { action: wanted, groupId: row.id } as Access);
    if (row && may(action)) return row.id;
    const details = { field: 'group' };
    if (may('program.read')) throw new MitoError('forbidden', 'role_required', `this needs the role write-wasm in the group "${name}"`, { details });
    throw new MitoError('not-found', 'group_not_found', `there is no group "${name}" that you are a member of`, { details });
  }
}
