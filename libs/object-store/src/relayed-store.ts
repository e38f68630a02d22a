import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MitoError } from '@mitosis/domain';
import { spanOfHeader } from './byte-range.js';
import { answerError } from './folder/answer-error.js';
import { type GetGrant, IDLE_MS, type PutGrant, assertDeclaredSize, assertMethod, isDisconnect, setDownloadHeaders, targetOf } from './folder/folder-handler.js';
import { type Grant, UrlSigner } from './folder/signed-url.js';
import { objectExists, objectNotFound } from './object-errors.js';
import { assertObjectKey } from './object-key.js';
import type { MultipartUploads, ObjectStore, SignGetOptions, SignPutOptions, SignedRequest, SignedRequestHandler } from './object-store.js';
import { partSpan } from './part-plan.js';
import { assertExpiry, assertPutSize } from './signed-request-options.js';

/**
 * A store that workers and clients can't reach: signed requests lead to the coordinator, and the bytes
 * pass through it at the pace of both sides. Everything else is done by the store behind it.
 */
export class RelayedStore implements ObjectStore {
  readonly handler: SignedRequestHandler;
  readonly multipart: MultipartUploads;
  private readonly signer: UrlSigner;

  constructor(
    private readonly inner: ObjectStore,
    signingKey: Uint8Array,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.signer = new UrlSigner(signingKey, now);
    this.handler = (req, res) => this.serve(req, res);
    const { multipart } = inner;
    this.multipart = {
      begin: (key, options) => multipart.begin(key, options),
      signPart: async (upload, partNumber, { expiresInS }) => {
        const { sizeBytes } = partSpan(upload, partNumber);
        return this.signed('PUT', { purpose: 'part', key: upload.key, uploadId: upload.uploadId, partNumber, sizeBytes }, expiresInS);
      },
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

  async signGet(key: string, { expiresInS, downloadName }: SignGetOptions): Promise<SignedRequest> {
    return this.signed('GET', { purpose: 'get', key, downloadName }, expiresInS);
  }

  async signPut(key: string, { expiresInS, sizeBytes, overwrite = false }: SignPutOptions): Promise<SignedRequest> {
    assertPutSize(sizeBytes);
    return this.signed('PUT', { purpose: 'put', key, sizeBytes, overwrite }, expiresInS);
  }

  private signed(method: 'GET' | 'PUT', grant: Grant, expiresInS: number): SignedRequest {
    assertObjectKey(grant.key);
    assertExpiry(expiresInS);
    const expiresAt = new Date((Math.floor(this.now().getTime() / 1000) + expiresInS) * 1000);
    return { method, url: this.signer.sign(grant, expiresAt), headers: {}, expiresAt };
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    req.setTimeout(IDLE_MS, () => req.destroy());
    try {
      const grant = this.signer.verify(targetOf(req));
      assertMethod(req.method, grant);
      await (grant.purpose === 'get' ? this.send(grant, req, res) : this.receive(grant, req, res));
    } catch (error) {
      if (res.destroyed && isDisconnect(error)) return;
      if (!(error instanceof MitoError)) throw error;
      await answerError(req, res, error);
    }
  }

  private async send(grant: GetGrant, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const info = await this.inner.head(grant.key);
    if (!info) throw objectNotFound(grant.key);
    setDownloadHeaders(res, info, grant.downloadName);
    const isSameObject = req.headers['if-range'] === undefined || req.headers['if-range'] === info.etag;
    const span = isSameObject ? spanOfHeader(req.headers.range, info.sizeBytes) : undefined;
    const { offset, lengthBytes } = span ?? { offset: 0, lengthBytes: info.sizeBytes };
    if (span) res.setHeader('content-range', `bytes ${offset}-${offset + lengthBytes - 1}/${info.sizeBytes}`);
    res.writeHead(span ? 206 : 200, { 'content-length': lengthBytes });
    if (req.method === 'HEAD' || lengthBytes === 0) return void res.end();
    const { body } = await this.inner.get(grant.key, { range: { start: offset, end: offset + lengthBytes - 1 } });
    await pipeline(body, res);
  }

  private async receive(grant: PutGrant, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { key, sizeBytes } = grant;
    assertDeclaredSize(req, sizeBytes);
    // Breaking off must leave the connection open, for the answer.
    const body = Readable.from(req.iterator({ destroyOnReturn: false }), { objectMode: false });
    if (grant.purpose === 'part') {
      const { uploadId, partNumber } = grant;
      // A plan in which this part has its size; the store behind asks for no more of it.
      const plan = { key, uploadId, partSizeBytes: sizeBytes, partCount: partNumber, sizeBytes: partNumber * sizeBytes };
      await this.inner.multipart.putPart(plan, partNumber, body);
    } else {
      if (!grant.overwrite && (await this.inner.head(key))) throw objectExists(key);
      await this.inner.put(key, body, { sizeBytes });
    }
    res.writeHead(200, { 'content-length': 0 }).end();
  }
}
