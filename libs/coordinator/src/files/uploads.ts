import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MitoError } from '@mitosis/domain';
import type { MultipartUpload, ObjectStore } from '@mitosis/object-store';
import { SINGLE_UPLOAD_MAX_BYTES, type SignedParts, type UploadTicket } from '@mitosis/protocol';
import { chargeGroups, discardObjects, reserveObject, type Reservation } from './object-ledger.js';
import { toWire, urlSeconds } from './to-wire.js';

export interface UploadsDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  /** How long a signed request is good for. */
  readonly urlLifetimeMs: number;
}

/** The row of an upload that is under way or done. */
export interface UploadRow {
  readonly key: string;
  readonly id: string;
  readonly state: 'reserved' | 'stored' | 'garbage';
  readonly size_bytes: string;
  readonly sha256: string | null;
  readonly upload: MultipartUpload | null;
}

export const UPLOAD_COLUMNS = 'key, id, state, size_bytes, sha256, upload';

/** An upload in parts that nobody continues with is given up after this time. */
const RESUMABLE_MS = 24 * 3_600_000;

export function uploadNotFound(id: string): MitoError {
  return new MitoError('not-found', 'upload_not_found', `there is no upload ${id} of yours that is under way`);
}

/**
 * Bytes on their way into the store: reserved → sent with signed requests → complete. Who may upload
 * what is decided before, and what becomes of the object after, by others.
 */
export class Uploads {
  constructor(private readonly deps: UploadsDeps) {}

  get urlLifetimeMs(): number {
    return this.deps.urlLifetimeMs;
  }

  /** Reserves room and returns how to send the bytes. @throws `storage_quota_exceeded` before a byte travels. */
  async begin(object: Reservation): Promise<UploadTicket> {
    await this.deps.dataSource.transaction((tx) => reserveObject(tx, object, this.usableMs(object.sizeBytes)));
    return this.ticket({ ...object, size_bytes: String(object.sizeBytes), state: 'reserved', upload: null });
  }

  /** How to continue with an upload: also after its client or a coordinator was killed. */
  async ticket(row: UploadRow): Promise<UploadTicket> {
    const sizeBytes = Number(row.size_bytes);
    const plain = {
      upload: row.id,
      is_stored: row.state === 'stored',
      single: null,
      part_size_bytes: 0,
      part_count: 0,
    };
    if (row.state === 'stored') return plain;
    if (sizeBytes <= SINGLE_UPLOAD_MAX_BYTES) return this.singleTicket(row, plain);
    const { partSizeBytes, partCount } = await this.partsPlan(row);
    return { ...plain, part_size_bytes: partSizeBytes, part_count: partCount };
  }

  /** Numbers of the parts that have not arrived; none when the object is complete. */
  async missing(row: UploadRow): Promise<number[]> {
    if (row.upload === null) return [];
    await this.prolong(row);
    const { upload } = row;
    try {
      const arrived = new Set((await this.deps.store.multipart.parts(upload)).map(({ partNumber }) => partNumber));
      return Array.from({ length: upload.partCount }, (_, index) => index + 1).filter((number) => !arrived.has(number));
    } catch (error) {
      if (await this.isComplete(row)) return [];
      throw error;
    }
  }

  async signParts(row: UploadRow, numbers: readonly number[]): Promise<SignedParts> {
    const { upload } = row;
    if (upload === null) throw new MitoError('conflict', 'no_parts', 'this upload is not sent in parts');
    await this.prolong(row);
    const sign = async (number: number) => ({
      part_number: number,
      request: toWire(await this.deps.store.multipart.signPart(upload, number, { expiresInS: this.expiresInS })),
    });
    return { parts: await Promise.all(numbers.map(sign)) };
  }

  /** Makes the object whole in the store. @throws `upload_incomplete` when bytes are missing. May be repeated. */
  async finish(row: UploadRow): Promise<void> {
    if (row.state === 'stored') return;
    if (row.upload !== null) await this.deps.store.multipart.complete(row.upload);
    if (!(await this.isComplete(row)))
      throw new MitoError('conflict', 'upload_incomplete', 'the bytes have not arrived in the store');
  }

  /**
   * Reads back what has arrived, from either store, and holds it against the SHA-256 that was announced: whoever
   * downloads it relies on that. Another content is given up. @throws `upload_corrupt`.
   */
  async assertContent(row: UploadRow): Promise<void> {
    const hash = createHash('sha256');
    const { body } = await this.deps.store.get(row.key);
    for await (const chunk of body) hash.update(chunk as Uint8Array);
    if (hash.digest('hex') === row.sha256) return;
    await this.abandon(row);
    throw new MitoError(
      'conflict',
      'upload_corrupt',
      'the bytes that have arrived are not those whose SHA-256 was announced; upload the file again',
    );
  }

  /** Gives an upload up: its room is free at once, its bytes are collected later. */
  async abandon(row: UploadRow): Promise<void> {
    await this.deps.dataSource.transaction(async (tx) =>
      chargeGroups(tx, await discardObjects(tx, [row.key], this.deps.urlLifetimeMs)),
    );
  }

  /** True when the store has the object with the size that was reserved. */
  async isComplete(row: Pick<UploadRow, 'key' | 'size_bytes'>): Promise<boolean> {
    return (await this.deps.store.head(row.key))?.sizeBytes === Number(row.size_bytes);
  }

  private get expiresInS(): number {
    return urlSeconds(this.deps.urlLifetimeMs);
  }

  /** A request that is sent at the last moment has as long again to arrive. */
  private usableMs(sizeBytes: number): number {
    return sizeBytes <= SINGLE_UPLOAD_MAX_BYTES ? 2 * this.deps.urlLifetimeMs : RESUMABLE_MS;
  }

  private async prolong(row: UploadRow): Promise<void> {
    await this.deps.dataSource.query(
      `UPDATE objects SET usable_until = clock_timestamp() + $2 * interval '1 millisecond' WHERE key = $1
        AND state = 'reserved'`,
      [row.key, this.usableMs(Number(row.size_bytes))],
    );
  }

  private async singleTicket(row: UploadRow, plain: UploadTicket): Promise<UploadTicket> {
    await this.prolong(row);
    try {
      const single = await this.deps.store.signPut(row.key, {
        expiresInS: this.expiresInS,
        sizeBytes: Number(row.size_bytes),
      });
      return { ...plain, single: toWire(single) };
    } catch (error) {
      // An earlier request has stored it, its answer was lost.
      if (error instanceof MitoError && error.code === 'object_exists') return { ...plain, is_stored: true };
      throw error;
    }
  }

  /** The plan of the parts; of two that begin the same upload at once, one plan counts. */
  private async partsPlan(row: UploadRow): Promise<MultipartUpload> {
    if (row.upload !== null) return row.upload;
    const begun = await this.deps.store.multipart.begin(row.key, { sizeBytes: Number(row.size_bytes) });
    const [rows] = (await this.deps.dataSource.query(
      `UPDATE objects SET upload = coalesce(upload, $2) WHERE key = $1 AND state = 'reserved' RETURNING upload`,
      [row.key, JSON.stringify(begun)],
    )) as [{ upload: MultipartUpload }[], number];
    const kept = rows[0]?.upload;
    if (kept?.uploadId !== begun.uploadId) await this.deps.store.multipart.abort(begun);
    if (!kept) throw uploadNotFound(row.id);
    return kept;
  }
}
