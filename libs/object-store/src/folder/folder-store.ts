import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable as ReadableStream, type Readable } from 'node:stream';
import { MitoError } from '@mitosis/domain';
import { abortable, abortableBody } from '../abortable-body.js';
import { spanOf } from '../byte-range.js';
import { errorCode } from '../object-errors.js';
import { assertKeyPrefix, assertObjectKey } from '../object-key.js';
import type {
  FolderStoreConfig,
  GetOptions,
  MultipartUploads,
  ObjectContent,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  SignedRequest,
  SignedRequestHandler,
  SignGetOptions,
  SignPutOptions,
  StoredObject,
} from '../object-store.js';
import { partSpan } from '../part-plan.js';
import { GrantSigner } from '../serving/grant-signer.js';
import { signedHandler, type ServedStore } from '../serving/signed-handler.js';
import { UrlSigner } from '../serving/signed-url.js';
import { publishFile, writeNewFile } from './durable-file.js';
import { FolderLayout } from './folder-layout.js';
import { FolderObjects, type OpenObject } from './folder-objects.js';
import { FolderUploads } from './folder-uploads.js';
import { entries, listFolder } from './list-folder.js';

/** What a crash left in `temp/` is removed at the next start once nobody can be writing it. */
const STALE_MS = 24 * 3600 * 1000;

/** Objects in a folder, served through signed URLs by `handler`. */
export class FolderStore implements ObjectStore {
  readonly isWriteOnce = true;
  readonly handler: SignedRequestHandler;
  readonly multipart: MultipartUploads;
  private readonly layout: FolderLayout;
  private readonly objects: FolderObjects;
  private readonly grants: GrantSigner;
  private readonly now: () => Date;

  constructor(config: FolderStoreConfig) {
    this.now = config.now ?? (() => new Date());
    this.layout = new FolderLayout(resolve(config.dir));
    this.objects = new FolderObjects(this.layout);
    const signer = new UrlSigner(config.signingKey, this.now);
    this.grants = new GrantSigner(signer, this.now);
    const uploads = new FolderUploads(this.layout, this.objects, this.now);
    this.multipart = this.multipartOf(uploads);
    this.handler = signedHandler({ signer, store: servedFolder(this.objects, uploads) });
  }

  async start(): Promise<void> {
    await this.prepare();
  }

  async stop(): Promise<void> {}

  async prepare(): Promise<void> {
    const { objects, uploads, temp } = this.layout;
    try {
      for (const folder of [objects, uploads, temp]) await mkdir(folder, { recursive: true, mode: 0o700 });
      const probe = join(temp, randomUUID());
      await writeNewFile(probe, (file) => file.writeFile('probe'));
      await publishFile(probe, `${probe}-linked`, false);
      await rm(`${probe}-linked`);
    } catch (error) {
      throw new MitoError('unavailable', 'storage_unavailable', `The folder ${this.layout.root} cannot hold objects.`, {
        cause: error,
      });
    }
    await this.sweepTemp();
  }

  async put(key: string, body: Readable | Uint8Array, options: PutOptions = {}): Promise<StoredObject> {
    assertObjectKey(key);
    return abortable(options.signal, () =>
      this.objects.put(key, abortableBody(body, options.signal), { ...options, overwrite: true }),
    );
  }

  async get(key: string, options: GetOptions = {}): Promise<ObjectContent> {
    options.signal?.throwIfAborted();
    const opened = await this.objects.open(key);
    try {
      const span = spanOf(options.range, opened.info.sizeBytes);
      const body = bodyOf(opened, span, options.signal);
      return { ...opened.info, ...span, body };
    } catch (error) {
      await opened.file.close();
      throw error;
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return this.objects.head(key);
  }

  async delete(key: string): Promise<void> {
    await this.objects.delete(key);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
    assertKeyPrefix(prefix);
    yield* listFolder(this.layout, prefix);
  }

  async signGet(key: string, options: SignGetOptions): Promise<SignedRequest> {
    return this.grants.get(key, options);
  }

  async signPut(key: string, options: SignPutOptions): Promise<SignedRequest> {
    return this.grants.put(key, options);
  }

  private multipartOf(uploads: FolderUploads): MultipartUploads {
    return {
      begin: (key, { sizeBytes }) => uploads.begin(key, sizeBytes),
      signPart: async (upload, partNumber, options) => this.grants.part(upload, partNumber, options),
      putPart: (upload, partNumber, body, { signal } = {}) =>
        abortable(signal, () => {
          const { key, uploadId } = upload;
          const part = { key, uploadId, partNumber, sizeBytes: partSpan(upload, partNumber).sizeBytes };
          return uploads.putPart(part, abortableBody(body, signal));
        }),
      parts: (upload) => uploads.parts(upload),
      complete: (upload, { overwrite = false } = {}) => uploads.complete(upload, overwrite),
      abort: (upload) => uploads.abort(upload),
      unfinished: (prefix) => uploads.unfinished(prefix),
    };
  }

  private async sweepTemp(): Promise<void> {
    for await (const { name } of entries(this.layout.temp)) {
      const path = join(this.layout.temp, name);
      try {
        if (this.now().getTime() - (await lstat(path)).mtimeMs > STALE_MS)
          await rm(path, { recursive: true, force: true });
      } catch (error) {
        // Whoever wrote it has finished in the meantime.
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    }
  }
}

function bodyOf(
  { file }: OpenObject,
  span: { readonly offset: number; readonly lengthBytes: number },
  signal: AbortSignal | undefined,
): Readable {
  const end = span.offset + span.lengthBytes - 1;
  // A read stream cannot be asked for no bytes at all; an empty one still has to close the file.
  const body =
    span.lengthBytes === 0 ? ReadableStream.from(closing(file)) : file.createReadStream({ start: span.offset, end });
  return abortableBody(body, signal) as Readable;
}

async function* closing(file: OpenObject['file']): AsyncGenerator<Uint8Array, void, undefined> {
  await file.close();
}

/** A folder as signed requests see it. */
function servedFolder(objects: FolderObjects, uploads: FolderUploads): ServedStore {
  return {
    open: async (key) => {
      const { info, file } = await objects.open(key);
      const read = async (offset: number, lengthBytes: number) =>
        file.createReadStream({ start: offset, end: offset + lengthBytes - 1, autoClose: false });
      return { info, read, close: () => file.close() };
    },
    head: (key) => objects.head(key),
    put: ({ key, sizeBytes, overwrite }, body) => objects.put(key, body, { sizeBytes, overwrite }),
    putPart: (grant, body) => uploads.putPart(grant, body),
  };
}
