import { Readable } from 'node:stream';
import { objectExists, objectNotFound } from './object-errors.js';
import type {
  MultipartUploads,
  ObjectStore,
  SignedRequest,
  SignedRequestHandler,
  SignGetOptions,
  SignPutOptions,
} from './object-store.js';
import { GrantSigner } from './serving/grant-signer.js';
import { signedHandler, type ServedStore } from './serving/signed-handler.js';
import { UrlSigner } from './serving/signed-url.js';

export interface RelayOptions {
  readonly signingKey: Uint8Array;
  /** True when those who reach the store use its own URLs, and only the others the `relayUrl`. */
  readonly isDirect: boolean;
  readonly now?: () => Date;
}

/**
 * A store that not all workers and clients can reach: signed requests lead to the coordinator, always or
 * where theirs fail, and the bytes pass through it at the pace of both sides. Everything else is done by
 * the store behind it.
 */
export class RelayedStore implements ObjectStore {
  readonly handler: SignedRequestHandler;
  readonly multipart: MultipartUploads;
  private readonly grants: GrantSigner;
  private readonly isDirect: boolean;

  constructor(
    private readonly inner: ObjectStore,
    { signingKey, isDirect, now = () => new Date() }: RelayOptions,
  ) {
    this.isDirect = isDirect;
    const signer = new UrlSigner(signingKey, now);
    this.grants = new GrantSigner(signer, now);
    this.handler = signedHandler({ signer, store: servedThrough(inner) });
    const { multipart } = inner;
    this.multipart = {
      begin: (key, options) => multipart.begin(key, options),
      signPart: async (...args) => this.signed(this.grants.part(...args), () => multipart.signPart(...args)),
      putPart: (...args) => multipart.putPart(...args),
      parts: (upload) => multipart.parts(upload),
      complete: (...args) => multipart.complete(...args),
      abort: (upload) => multipart.abort(upload),
      unfinished: (prefix) => multipart.unfinished(prefix),
    };
  }

  get isWriteOnce(): boolean {
    return this.inner.isWriteOnce;
  }

  start = (): Promise<void> => this.inner.start();
  stop = (): Promise<void> => this.inner.stop();
  prepare = (): Promise<void> => this.inner.prepare();
  put: ObjectStore['put'] = (...args) => this.inner.put(...args);
  get: ObjectStore['get'] = (...args) => this.inner.get(...args);
  head: ObjectStore['head'] = (key) => this.inner.head(key);
  delete: ObjectStore['delete'] = (key) => this.inner.delete(key);
  list: ObjectStore['list'] = (prefix) => this.inner.list(prefix);

  async signGet(key: string, options: SignGetOptions): Promise<SignedRequest> {
    return this.signed(this.grants.get(key, options), () => this.inner.signGet(key, options));
  }

  async signPut(key: string, options: SignPutOptions): Promise<SignedRequest> {
    const relayed = this.grants.put(key, options);
    const mayExist = options.overwrite === true || this.isWriteOnce || this.isDirect;
    if (!mayExist && (await this.inner.head(key))) throw objectExists(key);
    return this.signed(relayed, () => this.inner.signPut(key, options));
  }

  private async signed(relayed: SignedRequest, sign: () => Promise<SignedRequest>): Promise<SignedRequest> {
    return this.isDirect ? { ...(await sign()), relayUrl: relayed.url } : relayed;
  }
}

/** A store behind the coordinator as signed requests see it. */
function servedThrough(inner: ObjectStore): ServedStore {
  return {
    open: async (key) => {
      const info = await inner.head(key);
      if (!info) throw objectNotFound(key);
      const read = async (offset: number, lengthBytes: number) =>
        (await inner.get(key, { range: { start: offset, end: offset + lengthBytes - 1 } })).body;
      return { info, read, close: async () => {} };
    },
    head: (key) => inner.head(key),
    put: ({ key, sizeBytes }, body) => inner.put(key, Readable.from(body, { objectMode: false }), { sizeBytes }),
    putPart: ({ key, uploadId, partNumber, sizeBytes }, body) => {
      // A plan in which this part has its size; the store behind asks for no more of it.
      const plan = {
        key,
        uploadId,
        partSizeBytes: sizeBytes,
        partCount: partNumber,
        sizeBytes: partNumber * sizeBytes,
      };
      return inner.multipart.putPart(plan, partNumber, Readable.from(body, { objectMode: false }));
    },
  };
}
