import { constants, gunzipSync } from 'node:zlib';
import type { EntityManager } from 'typeorm';
import { ARCHIVE_HEAD_BYTES, archiveObjection, invalidField, isAllowed, isGzip, type Log } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { SubmitTask } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';

/** Contents that were looked at; what is stored under a SHA-256 never changes. */
const KNOWN_MAX = 10_000;
/** A store that takes longer does not hold up a submission: the worker looks again. */
const PATIENCE_MS = 3_000;

interface Wanted {
  readonly field: string;
  readonly group: string;
  readonly key: string;
}

interface Stored {
  readonly group_id: string;
  readonly group: string;
  readonly key: string;
  readonly object_key: string;
  readonly size_bytes: string;
  readonly sha256: string;
}

/**
 * Looks at the first bytes of attachments that a task wants unpacked, so that a submission is refused for an
 * archive that no worker can unpack. Artifacts, and attachments that do not exist yet, are looked at by
 * the worker.
 */
export class UnpackableInputs {
  readonly #objections = new Map<string, string | undefined>();

  constructor(
    private readonly deps: { readonly store: ObjectStore; readonly log: Log; readonly patienceMs?: number },
  ) {}

  /** Throws `invalid_request` that names the field and the attachment. */
  async check(tx: EntityManager, actor: UserActor, tasks: readonly SubmitTask[]): Promise<void> {
    const wanted = tasks.flatMap((task, place) => wantedBy(task, actor, tasks.length > 1 ? `tasks.${place}.` : ''));
    if (wanted.length === 0) return;
    const stored = await attachments(tx, wanted);
    for (const { field, group, key } of wanted) {
      const found = stored.find((row) => row.group === group && row.key === key);
      // To others it does not exist, as the rest of the submission will tell them.
      if (!found || !isAllowed(actor, { action: 'task.submit', groupId: found.group_id })) continue;
      const objection = await this.#objectionTo(found);
      if (objection !== undefined) throw invalidField(field, `the attachment "${key}" can't be unpacked: ${objection}`);
    }
  }

  async #objectionTo(file: Stored): Promise<string | undefined> {
    if (this.#objections.has(file.sha256)) return this.#objections.get(file.sha256);
    const head = await this.#headOf(file);
    if (head === undefined) return undefined;
    if (this.#objections.size >= KNOWN_MAX) this.#objections.clear();
    const objection = archiveObjection(head) ?? gzipObjection(head, Number(file.size_bytes) <= head.length);
    this.#objections.set(file.sha256, objection);
    return objection;
  }

  /** Undefined when the store can't tell now. */
  async #headOf({ object_key: key, size_bytes: size }: Stored): Promise<Buffer | undefined> {
    const length = Math.min(Number(size), ARCHIVE_HEAD_BYTES);
    if (length === 0) return Buffer.alloc(0);
    try {
      const signal = AbortSignal.timeout(this.deps.patienceMs ?? PATIENCE_MS);
      const { body } = await this.deps.store.get(key, { range: { start: 0, end: length - 1 }, signal });
      const pieces: Buffer[] = [];
      for await (const piece of body as AsyncIterable<Buffer>) pieces.push(piece);
      return Buffer.concat(pieces);
    } catch (error) {
      this.deps.log.warn({ err: error, key }, 'an archive could not be looked at; the worker will');
      return undefined;
    }
  }
}

/** Why a gzip file can't be unpacked, as far as its beginning tells, which is all of it when `isWhole`. */
function gzipObjection(head: Buffer, isWhole: boolean): string | undefined {
  if (!isGzip(head)) return undefined;
  try {
    const tar = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    if (tar.length < ARCHIVE_HEAD_BYTES && !isWhole) return undefined;
    return archiveObjection(tar.subarray(0, ARCHIVE_HEAD_BYTES));
  } catch (error) {
    return `it is not a gzip file: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function wantedBy(task: SubmitTask, actor: UserActor, prefix: string): Wanted[] {
  const group = task.group ?? actor.ownGroup ?? actor.username;
  return task.resources.flatMap((resource, index) =>
    resource.from === 'attachment' && resource.unpack
      ? [{ field: `${prefix}resources.${index}`, group, key: resource.key }]
      : [],
  );
}

async function attachments(tx: EntityManager, wanted: readonly Wanted[]): Promise<Stored[]> {
  const pairs = new Map(wanted.map(({ group, key }) => [`${group}/${key}`, { group, key }]));
  return (await tx.query(
    `SELECT w."group", w.key, a.group_id, a.object_key, a.size_bytes, a.sha256
     FROM jsonb_to_recordset($1::jsonb) AS w("group" text, key text)
     JOIN groups g ON g.name = w."group" AND g.state <> 'deleted'
     JOIN attachments a ON a.group_id = g.id AND a.key = w.key`,
    [JSON.stringify([...pairs.values()])],
  )) as Stored[];
}
