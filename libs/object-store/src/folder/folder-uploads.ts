import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MitoError } from '@mitosis/domain';
import { asStorageFull, errorCode, objectExists, uploadIncomplete, uploadNotFound } from '../object-errors.js';
import { assertKeyPrefix, assertObjectKey } from '../object-key.js';
import type { MultipartUpload, ObjectInfo, UnfinishedUpload, UploadedPart, UploadRef } from '../object-store.js';
import { missingParts, partSpan, planParts } from '../part-plan.js';
import { assembleParts } from './assemble-parts.js';
import { syncFolder, writeNewFile } from './durable-file.js';
import type { FolderLayout } from './folder-layout.js';
import type { FolderObjects } from './folder-objects.js';
import { entries } from './list-folder.js';

const RECORD = 'upload.json';
const ASSEMBLED = 'assembled';
const UPLOAD_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Multipart uploads as folders: `upload.json`, one `<n>.part` per part that arrived whole, and, once it is
 * being completed, `assembled`, into which the parts move one by one. The folder goes last, so that a
 * completion cut off anywhere, or run twice at once, can be repeated.
 */
export class FolderUploads {
  constructor(
    private readonly layout: FolderLayout,
    private readonly objects: FolderObjects,
    private readonly now: () => Date,
  ) {}

  async begin(key: string, sizeBytes: number): Promise<MultipartUpload> {
    assertObjectKey(key);
    const upload = { key, uploadId: randomUUID(), sizeBytes, ...planParts(sizeBytes) };
    await this.objects.assertSpace(sizeBytes);
    const making = join(this.layout.temp, randomUUID());
    try {
      await mkdir(making, { mode: 0o700 });
      const record = JSON.stringify({ ...upload, startedAt: this.now().toISOString() });
      await writeNewFile(join(making, RECORD), (file) => file.writeFile(record));
      await syncFolder(making);
      await rename(making, this.folder(upload));
      await syncFolder(this.layout.uploads);
      return upload;
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      throw asStorageFull(error);
    }
  }

  /** @throws `not-found` when the upload is unknown, complete or aborted. */
  async assertUnfinished(upload: UploadRef): Promise<void> {
    assertObjectKey(upload.key);
    if ((await this.recordOf(upload.uploadId))?.key !== upload.key) throw uploadNotFound(upload.uploadId);
  }

  async putPart(
    part: UploadRef & { readonly partNumber: number; readonly sizeBytes: number },
    body: AsyncIterable<unknown> | Uint8Array,
  ): Promise<void> {
    await this.assertUnfinished(part);
    const { path } = await this.objects.writeAside(body, { sizeBytes: part.sizeBytes });
    try {
      await rename(path, this.partFile(part, part.partNumber));
      await syncFolder(this.folder(part));
    } catch (error) {
      await rm(path, { force: true });
      throw errorCode(error) === 'ENOENT' ? uploadNotFound(part.uploadId, error) : error;
    }
  }

  async parts(upload: MultipartUpload): Promise<UploadedPart[]> {
    await this.assertUnfinished(upload);
    const assembledBytes = (await sizeOf(join(this.folder(upload), ASSEMBLED))) ?? 0;
    const arrived: UploadedPart[] = [];
    for (let partNumber = 1; partNumber <= upload.partCount; partNumber += 1) {
      const { offset, sizeBytes } = partSpan(upload, partNumber);
      const isAssembled = offset + sizeBytes <= assembledBytes;
      if (isAssembled || (await sizeOf(this.partFile(upload, partNumber))) === sizeBytes)
        arrived.push({ partNumber, sizeBytes });
    }
    return arrived;
  }

  async complete(upload: MultipartUpload, overwrite: boolean): Promise<ObjectInfo> {
    try {
      const missing = missingParts(upload.partCount, await this.parts(upload));
      if (missing.length > 0) throw uploadIncomplete(missing);
      const assembled = join(this.folder(upload), ASSEMBLED);
      if (!overwrite) await this.refuseOther(upload, assembled);
      await assembleParts(assembled, upload, (partNumber) => this.partFile(upload, partNumber));
      await this.publish(upload, assembled, overwrite);
      await this.discard(upload);
      return (await this.objects.head(upload.key)) ?? missingObject(upload);
    } catch (error) {
      return this.completedBefore(upload, error);
    }
  }

  async abort(upload: UploadRef): Promise<void> {
    assertObjectKey(upload.key);
    if ((await this.recordOf(upload.uploadId))?.key === upload.key) await this.discard(upload);
  }

  async *unfinished(prefix: string): AsyncGenerator<UnfinishedUpload, void, undefined> {
    assertKeyPrefix(prefix);
    for await (const { name } of entries(this.layout.uploads)) {
      const record = await this.recordOf(name);
      if (record?.key.startsWith(prefix))
        yield { key: record.key, uploadId: name, startedAt: new Date(record.startedAt) };
    }
  }

  /** Publishes through a second link, so that the upload's own folder stays whole until it is discarded. */
  private async publish(upload: MultipartUpload, assembled: string, overwrite: boolean): Promise<void> {
    const path = join(this.layout.temp, randomUUID());
    await link(assembled, path);
    try {
      await this.objects.publish(path, upload.key, overwrite);
    } catch (error) {
      if (!isExists(error)) throw error;
      await this.refuseOther(upload, assembled);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Refuses when another object than this upload's own result has the key. */
  private async refuseOther(upload: MultipartUpload, assembled: string): Promise<void> {
    const existing = await inodeOf(this.layout.objectFile(upload.key));
    if (existing !== undefined && existing !== (await inodeOf(assembled))) throw objectExists(upload.key);
  }

  /** The upload is gone: either this very completion succeeded before (a lost reply, a twin), or it was aborted. */
  private async completedBefore(upload: MultipartUpload, error: unknown): Promise<ObjectInfo> {
    const isGone = errorCode(error) === 'ENOENT' || (error instanceof MitoError && error.code === 'upload_not_found');
    if (!isGone) throw asStorageFull(error);
    const info = await this.objects.head(upload.key);
    if (info?.sizeBytes !== upload.sizeBytes) throw uploadNotFound(upload.uploadId, error);
    return info;
  }

  /** Moves the folder away first: a part that arrives now finds no upload instead of half of one. */
  private async discard(upload: UploadRef): Promise<void> {
    const away = join(this.layout.temp, randomUUID());
    try {
      await rename(this.folder(upload), away);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      throw error;
    }
    await rm(away, { recursive: true, force: true });
  }

  private async recordOf(uploadId: string): Promise<{ readonly key: string; readonly startedAt: string } | undefined> {
    if (!UPLOAD_ID.test(uploadId)) return undefined;
    try {
      return JSON.parse(await readFile(join(this.layout.uploads, uploadId, RECORD), 'utf8')) as {
        key: string;
        startedAt: string;
      };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  private folder({ uploadId }: UploadRef): string {
    if (!UPLOAD_ID.test(uploadId)) throw uploadNotFound(uploadId);
    return join(this.layout.uploads, uploadId);
  }

  private partFile(upload: UploadRef, partNumber: number): string {
    return join(this.folder(upload), `${partNumber}.part`);
  }
}

function isExists(error: unknown): boolean {
  return error instanceof MitoError && error.code === 'object_exists';
}

function missingObject(upload: UploadRef): never {
  throw uploadNotFound(upload.uploadId);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await statIfThere(path))?.size;
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await statIfThere(path))?.ino;
}

async function statIfThere(path: string): Promise<{ readonly size: number; readonly ino: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
