import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { invalidField, isAllowed, MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import { CODE_LIMITS, type CodeDownload, type CodeFile, type OfferCode, type TaskCode } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { discardObjects, type Charge } from '../files/object-ledger.js';
import { storeBytes } from '../files/store-bytes.js';
import { toWire, urlSeconds } from '../files/to-wire.js';
import { holdGroup, taskNotFound, type GroupRef } from '../groups/find-group.js';
import { codeNotFound } from './assert-code.js';

export interface CodeLibraryDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  /** How long a signed request stays good. */
  readonly urlLifetimeMs: number;
}

interface PackRow {
  readonly sha256: string;
  readonly stored_sha256: string;
  readonly size_bytes: number;
  readonly object_key: string;
}

const unzip = promisify(gunzip);

/** Folders of code that tasks start in, each charged to the storage quota of its group. */
export class CodeLibrary {
  constructor(private readonly deps: CodeLibraryDeps) {}

  /**
   * Stores a folder when all of its packs are there, and returns the missing ones otherwise. Packs that are there
   * stay for an hour at least. Throws `group_not_found`, `role_required`, `group_locked`.
   */
  async offer(actor: UserActor, { group, manifest, packs }: OfferCode): Promise<string[]> {
    return this.deps.dataSource.transaction(async (tx) => {
      const { id } = await this.group(tx, actor, group);
      const wanted = [...new Set([manifest, ...packs])];
      const there = (await tx.query(
        `UPDATE code_packs SET used_at = clock_timestamp() WHERE group_id = $1 AND sha256 IN (
           SELECT sha256 FROM code_packs WHERE group_id = $1 AND sha256 = ANY ($2) ORDER BY sha256 FOR NO KEY UPDATE)
         RETURNING sha256`,
        [id, wanted],
      )) as [{ sha256: string }[], number];
      const known = new Set(there[0].map(({ sha256 }) => sha256));
      const missing = wanted.filter((sha256) => !known.has(sha256));
      if (missing.length === 0) await keepTree(tx, id, manifest, packs);
      return missing;
    });
  }

  /** Stores a pack; the same one again changes nothing. Throws `invalid_request` when it is not what its name says. */
  async storePack(actor: UserActor, sha256: string, bytes: Uint8Array, group: string | undefined): Promise<void> {
    const { dataSource, store, urlLifetimeMs } = this.deps;
    const { id: groupId } = await dataSource.transaction((tx) => this.group(tx, actor, group));
    await assertContent(bytes, sha256);
    const id = uuidv7();
    const storedSha256 = createHash('sha256').update(bytes).digest('hex');
    const object = {
      key: `c/${groupId}/${id}`,
      id,
      groupId,
      purpose: 'code' as const,
      taskId: null,
      attempt: null,
      name: sha256,
      creatorId: actor.userId,
      sizeBytes: bytes.length,
      sha256: storedSha256,
    };
    /** Of two that store the same pack at once, one object counts. */
    const publish = async (tx: EntityManager): Promise<Charge[]> => {
      const kept = (await tx.query(
        `INSERT INTO code_packs (group_id, sha256, stored_sha256, size_bytes, object_key) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (group_id, sha256) DO UPDATE SET used_at = clock_timestamp() RETURNING object_key`,
        [groupId, sha256, storedSha256, bytes.length, object.key],
      )) as { object_key: string }[];
      return kept[0]?.object_key === object.key ? [] : discardObjects(tx, [object.key], urlLifetimeMs);
    };
    await storeBytes({ dataSource, store, publish }, object, bytes, 'application/gzip');
  }

  /** The code of a task, with requests to fetch it. Throws `task_not_found`, `code_not_found`. */
  async ofTask(actor: UserActor, task: string): Promise<CodeDownload> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT group_id, spec -> 'code' AS code FROM tasks WHERE id = $1`,
      [task],
    )) as { group_id: string; code: TaskCode | null }[];
    if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) throw taskNotFound(task);
    if (row.code === null)
      throw new MitoError('not-found', 'code_not_found', `the task ${task} was submitted without --workdir`);
    return { code: row.code, ...(await this.files(row.group_id, row.code.sha256)) };
  }

  /** Requests to fetch a folder of a group. Throws `code_not_found`. */
  async files(groupId: string, sha256: string): Promise<Pick<CodeDownload, 'manifest' | 'packs'>> {
    const rows = (await this.deps.dataSource.query(
      `SELECT p.sha256, p.stored_sha256, p.size_bytes, p.object_key FROM code_trees c
       JOIN code_packs p ON p.group_id = c.group_id AND (p.sha256 = c.sha256 OR p.sha256 = ANY (c.packs))
       WHERE c.group_id = $1 AND c.sha256 = $2`,
      [groupId, sha256],
    )) as PackRow[];
    const manifest = rows.find((row) => row.sha256 === sha256);
    if (!manifest) throw codeNotFound(sha256);
    const packs = rows.filter((row) => row !== manifest);
    return { manifest: await this.sign(manifest), packs: await Promise.all(packs.map((pack) => this.sign(pack))) };
  }

  private async sign({ sha256, stored_sha256, size_bytes, object_key }: PackRow): Promise<CodeFile> {
    const { store, urlLifetimeMs } = this.deps;
    const options = { expiresInS: urlSeconds(urlLifetimeMs), downloadName: `${sha256}.gz` };
    return { sha256, stored_sha256, size_bytes, download: toWire(await store.signGet(object_key, options)) };
  }

  private async group(tx: EntityManager, actor: UserActor, name: string | undefined): Promise<GroupRef> {
    const use = { action: 'task.submit', what: 'storing code for tasks', isNew: true } as const;
    return holdGroup(tx, actor, name ?? actor.ownGroup ?? actor.username, use);
  }
}

/** Somebody of the group may have named too few packs before: those of the same folder add up. */
async function keepTree(tx: EntityManager, groupId: string, manifest: string, packs: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO code_trees (group_id, sha256, packs) VALUES ($1, $2, $3)
     ON CONFLICT (group_id, sha256) DO UPDATE SET used_at = clock_timestamp(),
       packs = ARRAY(SELECT unnest(code_trees.packs) UNION SELECT unnest(excluded.packs))`,
    [groupId, manifest, [...new Set(packs)]],
  );
}

/** Others of the group take a pack for what its name says. */
async function assertContent(bytes: Uint8Array, sha256: string): Promise<void> {
  const content = await unzip(bytes, { maxOutputLength: CODE_LIMITS.manifestBytes }).catch((error: Error) => {
    throw invalidField('body', `is no pack: ${error.message}`);
  });
  if (createHash('sha256').update(content).digest('hex') !== sha256)
    throw invalidField('sha256', 'is not that of the content of the body');
}
