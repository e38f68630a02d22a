import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MitoError } from '@mitosis/domain';
import { attachmentDisposition } from '../attachment-disposition.js';
import { spanOfHeader } from '../byte-range.js';
import { errorCode, objectChanged, objectExists, objectTooLarge, sizeMismatch } from '../object-errors.js';
import type { ObjectInfo, SignedRequestHandler } from '../object-store.js';
import { answerError } from './answer-error.js';
import type { Grant, UrlSigner } from './signed-url.js';

/** A transfer that moves no byte for this long is broken off. */
const IDLE_MS = 120_000;

/** An object that is being served. */
export interface ServedObject {
  readonly info: ObjectInfo;
  /** At least one byte; called at most once. */
  read(offset: number, lengthBytes: number): Promise<Readable>;
  close(): Promise<void>;
}

export type GetGrant = Extract<Grant, { purpose: 'get' }>;
export type PutGrant = Extract<Grant, { purpose: 'put' }>;
export type PartGrant = Extract<Grant, { purpose: 'part' }>;

/** Where the bytes of signed requests come from and go to. */
export interface ServedStore {
  /** @throws `not-found`. */
  open(key: string): Promise<ServedObject>;
  head(key: string): Promise<ObjectInfo | undefined>;
  put(grant: PutGrant, body: AsyncIterable<unknown>): Promise<unknown>;
  putPart(grant: PartGrant, body: AsyncIterable<unknown>): Promise<unknown>;
}

export interface SignedHandlerDeps {
  readonly signer: UrlSigner;
  readonly store: ServedStore;
}

/**
 * Serves what a coordinator signed: GET and HEAD with ranges, PUT of objects and parts. Errors are
 * answered as `{"error":{code,message,details}}`; only a bug rejects. A server's own `requestTimeout`
 * (five minutes unless set) also bounds one PUT.
 */
export function signedHandler(deps: SignedHandlerDeps): SignedRequestHandler {
  return async (req, res) => {
    req.setTimeout(IDLE_MS, () => req.destroy());
    try {
      await serve(deps, req, res);
    } catch (error) {
      if (res.destroyed && isDisconnect(error)) return;
      if (!(error instanceof MitoError)) throw error;
      await answerError(req, res, error);
    }
  };
}

async function serve(deps: SignedHandlerDeps, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const grant = deps.signer.verify(targetOf(req));
  assertMethod(req.method, grant);
  await (grant.purpose === 'get' ? sendObject(deps, grant, { req, res }) : receiveObject(deps, grant, { req, res }));
}

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

async function sendObject({ store }: SignedHandlerDeps, grant: GetGrant, { req, res }: Exchange): Promise<void> {
  const object = await store.open(grant.key);
  const { info } = object;
  try {
    setDownloadHeaders(res, info, grant.downloadName);
    if (!matchesEtag(req.headers['if-match'] ?? '*', info.etag)) throw objectChanged();
    if (matchesEtag(req.headers['if-none-match'], info.etag)) return void res.writeHead(304).end();
    const isSameObject = req.headers['if-range'] === undefined || req.headers['if-range'] === info.etag;
    const span = isSameObject ? spanOfHeader(req.headers.range, info.sizeBytes) : undefined;
    const { offset, lengthBytes } = span ?? { offset: 0, lengthBytes: info.sizeBytes };
    if (span) res.setHeader('content-range', `bytes ${offset}-${offset + lengthBytes - 1}/${info.sizeBytes}`);
    res.writeHead(span ? 206 : 200, { 'content-length': lengthBytes });
    if (req.method === 'HEAD' || lengthBytes === 0) return void res.end();
    await pipeline(await object.read(offset, lengthBytes), res);
  } finally {
    await object.close();
  }
}

/** What every download says: saved, never shown, never sniffed. */
function setDownloadHeaders(res: ServerResponse, info: ObjectInfo, downloadName: string): void {
  const headers = {
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'content-disposition': attachmentDisposition(downloadName),
    'content-security-policy': "sandbox; default-src 'none'",
    'content-type': 'application/octet-stream',
    'cross-origin-resource-policy': 'same-origin',
    etag: info.etag,
    'last-modified': info.lastModified.toUTCString(),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
}

async function receiveObject(
  { store }: SignedHandlerDeps,
  grant: PutGrant | PartGrant,
  { req, res }: Exchange,
): Promise<void> {
  assertDeclaredSize(req, grant.sizeBytes);
  // Breaking off must leave the connection open, for the answer.
  const body = req.iterator({ destroyOnReturn: false });
  if (grant.purpose === 'part') {
    await store.putPart(grant, body);
  } else {
    if (!grant.overwrite && (await store.head(grant.key))) throw objectExists(grant.key);
    await store.put(grant, body);
    res.setHeader('etag', (await store.head(grant.key))?.etag ?? '""');
  }
  res.writeHead(200, { 'content-length': 0 }).end();
}

/** Refuses a body whose declared length is not the one signed. */
function assertDeclaredSize(req: IncomingMessage, sizeBytes: number): void {
  const declared = req.headers['content-length'];
  if (declared === undefined) return;
  if (Number(declared) > sizeBytes) throw objectTooLarge(sizeBytes);
  if (Number(declared) < sizeBytes) throw sizeMismatch(sizeBytes, Number(declared));
}

/** Refuses a method that the URL was not signed for. */
function assertMethod(method: string | undefined, { purpose }: Grant): void {
  const allowed = purpose === 'get' ? ['GET', 'HEAD'] : ['PUT'];
  if (method !== undefined && allowed.includes(method)) return;
  throw new MitoError('invalid', 'method_not_allowed', `This URL allows ${allowed.join(' and ')} only.`, {
    details: { allowed },
  });
}

/** Express takes the mount path off `url` and keeps the whole in `originalUrl`. */
function targetOf(req: IncomingMessage & { readonly originalUrl?: string }): string {
  return req.originalUrl ?? req.url ?? '';
}

function matchesEtag(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined && header.split(',').some((candidate) => ['*', etag, `W/${etag}`].includes(candidate.trim()))
  );
}

/** What a transfer fails with when the other side has gone: there is nobody left to answer. */
function isDisconnect(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(errorCode(error) ?? '');
}
