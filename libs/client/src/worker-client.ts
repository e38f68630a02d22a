import { MitoError } from '@mitosis/domain';
import {
  type AttemptReport,
  ClaimAnswer,
  type ClaimedTask,
  type RegisterWorkerInput,
  ReportAnswer,
  SignedRequest,
  type UploadRequest,
  WorkerRegistration,
} from '@mitosis/protocol';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { WebSocket } from 'ws';
import { Transport } from './transport.js';

/** Registers a worker in the name of the user whose token this is. */
export async function registerWorker(url: string, userToken: string, worker: RegisterWorkerInput): Promise<WorkerRegistration> {
  const transport = new Transport({ url, token: userToken });
  return transport.json('POST', '/workers', WorkerRegistration, { body: worker });
}

/** A coordinator, as a registered worker uses it. Nothing here is retried: the worker decides when. */
export class WorkerClient {
  private readonly transport: Transport;

  constructor(private readonly options: { readonly url: string; readonly token: string }) {
    this.transport = new Transport({ ...options, retryMs: 0 });
  }

  async claim(claims: readonly { task: string; request: string }[], signal?: AbortSignal): Promise<ClaimedTask[]> {
    return (await this.transport.json('POST', '/workers/me/claims', ClaimAnswer, { body: { claims }, signal })).claimed;
  }

  async report(reports: readonly AttemptReport[], signal?: AbortSignal): Promise<ReportAnswer['results']> {
    return (await this.transport.json('POST', '/workers/me/reports', ReportAnswer, { body: { reports }, signal })).results;
  }

  /** Uploads a file of an attempt. An object that is there already was put there by us: the reply was lost. */
  async upload(request: UploadRequest, file: string, signal?: AbortSignal): Promise<void> {
    const signed = await this.transport.json('POST', '/workers/me/uploads', SignedRequest, { body: request, signal }).catch(alreadyThere);
    if (!signed) return;
    const response = await fetch(new URL(signed.url, this.options.url), {
      method: 'PUT',
      headers: { ...signed.headers, 'Content-Length': String(request.size_bytes) },
      body: request.size_bytes === 0 ? new Uint8Array() : (Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>),
      duplex: 'half',
      signal: signal ?? null,
    } as RequestInit).catch((cause: unknown) => {
      if (signal?.aborted) throw signal.reason;
      throw new MitoError('unavailable', 'upload_interrupted', `the upload of ${request.kind} was interrupted`, { cause });
    });
    if (response.ok || response.status === 409 || response.status === 412) return;
    const isPassing = response.status >= 500 || response.status === 429;
    const message = `the object store answered ${response.status} ${(await response.text()).slice(0, 300)}`;
    throw new MitoError(isPassing ? 'unavailable' : 'invalid', 'upload_refused', message);
  }

  async unregister(): Promise<void> {
    await this.transport.empty('DELETE', '/workers/me');
  }

  /** The worker's WebSocket, not yet open. */
  openChannel(): WebSocket {
    const url = new URL('/workers/me/channel', this.options.url);
    url.protocol = url.protocol.replace('http', 'ws');
    return new WebSocket(url, { headers: { Authorization: `Bearer ${this.options.token}` }, handshakeTimeout: 10_000 });
  }
}

function alreadyThere(error: unknown): undefined {
  if (error instanceof MitoError && error.code === 'object_exists') return undefined;
  throw error;
}
