import { request as httpRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { SignedRequest } from '../object-store.js';
import { readAll } from './subject.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Sends without a declared length. */
  readonly chunked?: boolean;
}

/** Sends a signed request as its holder would. */
export async function sendSigned(origin: string, signed: SignedRequest, options: SendOptions = {}): Promise<Answer> {
  const { body, chunked = false } = options;
  const length = body && !chunked ? { 'content-length': String(body.byteLength) } : {};
  const request = openSigned(origin, signed, { ...options, headers: { ...length, ...options.headers } });
  const answer = answerOf(request);
  if (body && chunked) for (let at = 0; at < body.byteLength; at += 65536) request.write(body.subarray(at, at + 65536));
  request.end(body && !chunked ? body : undefined);
  return answer;
}

/** Begins a request and leaves the body to the caller. */
export function openSigned(
  origin: string,
  signed: SignedRequest,
  { method, headers }: SendOptions = {},
): ClientRequest {
  const url = new URL(signed.url, origin);
  return httpRequest(url, { method: method ?? signed.method, headers: { ...signed.headers, ...headers } });
}

export async function answerOf(request: ClientRequest): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', (message) => {
      // The server may close before it has read all; what it said counts.
      request.on('error', () => undefined);
      resolve(message);
    });
    request.once('error', reject);
  });
  return { status: response.statusCode ?? 0, headers: response.headers, body: await readAll(response) };
}
