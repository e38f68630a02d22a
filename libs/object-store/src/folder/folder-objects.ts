import { randomUUID } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { open, rm, rmdir, stat, statfs, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MeteredBody, type BodyBounds } from '../metered-body.js';
import { asStorageFull, errorCode, objectExists, objectNotFound, storageFull } from '../object-errors.js';
import { assertObjectKey } from '../object-key.js';
import type { ObjectInfo, StoredObject } from '../object-store.js';
import { publishFile, writeNewFile } from './durable-file.js';
import type { FolderLayout } from './folder-layout.js';

export interface OpenObject {
  readonly info: ObjectInfo;
  readonly file: FileHandle;
}

/** Single objects as files: written aside, flushed, then given their name. */
export class FolderObjects {
  constructor(private readonly layout: FolderLayout) {}

  /** Stores a body whole, or leaves nothing. @throws `conflict` `object_exists` unless `overwrite`. */
  async put(
    key: string,
    body: AsyncIterable<unknown> | Uint8Array,
    bounds: BodyBounds & { readonly overwrite: boolean },
  ): Promise<StoredObject> {
    assertObjectKey(key);
    const { path, stored } = await this.writeAside(body, bounds);
    try {
      await this.publish(path, key, bounds.overwrite);
      return stored;
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Writes a body to a fresh file in `temp/`, flushed; the caller moves or removes it. */
  async writeAside(
    body: AsyncIterable<unknown> | Uint8Array,
    bounds: BodyBounds,
  ): Promise<{ path: string; stored: StoredObject }> {
    const path = join(this.layout.temp, randomUUID());
    const metered = new MeteredBody(body, bounds);
    try {
      if (bounds.sizeBytes !== undefined) await this.assertSpace(bounds.sizeBytes);
      await writeNewFile(path, (file) => writeFile(file, metered.read()));
    } catch (error) {
      throw asStorageFull(error);
    }
    return { path, stored: { sizeBytes: metered.sizeBytes, sha256: metered.sha256() } };
  }

  /** Gives a finished file of this store a key. */
  async publish(path: string, key: string, overwrite: boolean): Promise<void> {
    try {
      await publishFile(path, this.layout.objectFile(key), overwrite);
    } catch (error) {
      throw errorCode(error) === 'EEXIST' ? objectExists(key, error) : asStorageFull(error);
    }
  }

  /** Opens an object; what was opened stays readable when it is replaced or deleted. @throws `not-found`. */
  async open(key: string): Promise<OpenObject> {
    assertObjectKey(key);
    const file = await this.openFile(key);
    try {
      return { file, info: infoOf(key, await file.stat({ bigint: true })) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    assertObjectKey(key);
    return infoOfFile(key, this.layout.objectFile(key));
  }

  async delete(key: string): Promise<void> {
    assertObjectKey(key);
    const path = this.layout.objectFile(key);
    try {
      await unlink(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    await this.pruneFolders(dirname(path));
  }

  /** Refuses, before a byte travels, what cannot fit. */
  async assertSpace(sizeBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.layout.temp, { bigint: true });
    if (bavail * bsize < BigInt(sizeBytes)) throw storageFull();
  }

  private async openFile(key: string): Promise<FileHandle> {
    try {
      return await open(this.layout.objectFile(key), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      throw errorCode(error) === 'ENOENT' ? objectNotFound(key, error) : error;
    }
  }

  private async pruneFolders(from: string): Promise<void> {
    for (let folder = from; folder !== this.layout.objects; folder = dirname(folder)) {
      try {
        await rmdir(folder);
      } catch (error) {
        if (errorCode(error) === 'ENOENT') continue;
        if (['ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(errorCode(error) ?? '')) return;
        throw error;
      }
    }
  }
}

/** What a file says about its object; undefined when there is none. */
export async function infoOfFile(key: string, path: string): Promise<ObjectInfo | undefined> {
  try {
    return infoOf(key, await stat(path, { bigint: true }));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function infoOf(key: string, stats: BigIntStats): ObjectInfo {
  const etag = `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`;
  return { key, sizeBytes: Number(stats.size), lastModified: stats.mtime, etag };
}
