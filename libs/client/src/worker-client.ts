import { WebSocket } from 'ws';
import { addressUrl, VERSION } from '@mitosis/domain';
import {
  operations,
  VERSION_HEADER,
  type AttemptLease,
  type AttemptReport,
  type ClaimedTask,
  type EnrollWorkerInput,
  type RegisterWorkerInput,
  type ReportAnswer,
  type ResumeWorkerInput,
  type SignedRequest,
  type StoreCheckpoint,
  type SubtaskResults,
  type TaskInputs,
  type UploadRequest,
  type WorkerRegistration,
} from '@mitosis/protocol';
import { pathOf } from './call-operation.js';
import { downloadFile, type Download } from './files/download-file.js';
import { fetchWhole } from './files/signed-transfer.js';
import { StoreRoute } from './files/store-route.js';
import { sendFile } from './files/upload-file.js';
import { agentFor } from './net/connections.js';
import { Transport, type TransportOptions } from './transport.js';

const { workers } = operations;

/** Registers a worker in the name of the user whose token this is. */
export async function registerWorker(
  url: string,
  userToken: string,
  worker: RegisterWorkerInput,
): Promise<WorkerRegistration> {
  const transport = new Transport({ url, token: userToken });
  return transport.call(workers.register, { body: worker });
}

/** Registers a worker with an enrolment code. The same request may be sent again: it is one worker. */
export async function enrollWorker(url: string, worker: EnrollWorkerInput): Promise<WorkerRegistration> {
  const transport = new Transport({ url, retryMs: 30_000 });
  return transport.call(workers.enroll, { body: worker, isRepeatable: true });
}

/** Starts a worker again that was registered before. Throws `unknown_worker` when it was revoked. */
export async function resumeWorker(url: string, worker: ResumeWorkerInput): Promise<WorkerRegistration> {
  const transport = new Transport({ url, retryMs: 30_000 });
  return transport.call(workers.resume, { body: worker, isRepeatable: true });
}

/** A store may take its time to make one object of many parts. */
const COMPLETE_MS = 15 * 60_000;

/** A coordinator, as a registered worker uses it. Nothing here is retried: the worker decides when. */
export class WorkerClient {
  private transport: Transport;
  private readonly route: StoreRoute;

  constructor(private options: Pick<TransportOptions, 'url' | 'onRequest'> & { readonly token: string }) {
    this.route = new StoreRoute(options.url);
    this.transport = new Transport({ ...options, retryMs: 0 });
  }

  async claim(claims: readonly { task: string; request: string }[], signal?: AbortSignal): Promise<ClaimedTask[]> {
    return (await this.transport.call(workers.claim, { body: { claims }, signal })).claimed;
  }

  async report(reports: readonly AttemptReport[], signal?: AbortSignal): Promise<ReportAnswer['results']> {
    return (await this.transport.call(workers.report, { body: { reports }, signal })).results;
  }

  /** Stores a file of an attempt; the same call after an interruption sends only what is missing. */
  async upload(request: UploadRequest, file: string, signal?: AbortSignal): Promise<void> {
    const { task, attempt, lease: secret, size_bytes: sizeBytes } = request;
    const lease = { task, attempt, lease: secret };
    const ticket = await this.transport.call(workers.upload, { body: request, signal });
    const params = { upload: ticket.upload };
    const calls = {
      missing: async () => (await this.transport.call(workers.uploadMissing, { params, body: lease, signal })).missing,
      sign: (_upload: string, numbers: readonly number[]) =>
        this.transport.call(workers.uploadParts, { params, body: { ...lease, part_numbers: numbers }, signal }),
    };
    await sendFile(ticket, { path: file, sizeBytes }, calls, { route: this.route, signal });
    if (ticket.part_count > 0)
      await this.transport.call(workers.uploadComplete, { params, body: lease, signal, timeoutMs: COMPLETE_MS });
  }

  /** Makes an upload the newest checkpoint of its task. @throws `stale_attempt`. */
  async storeCheckpoint(checkpoint: StoreCheckpoint, signal?: AbortSignal): Promise<void> {
    await this.transport.call(workers.storeCheckpoint, { body: checkpoint, signal });
  }

  /**
   * The inputs of an attempt and its code, with requests to fetch them. @throws `resource_not_found` that names one.
   */
  async inputs(lease: AttemptLease, signal?: AbortSignal): Promise<TaskInputs> {
    return this.transport.call(workers.inputs, { body: lease, signal });
  }

  /** Fetches a file; the same call after an interruption continues where it stopped. */
  async download(download: Download, file: string, signal?: AbortSignal): Promise<void> {
    await downloadFile(this.route, download, file, { signal });
  }

  /** New credentials, which this client uses from here on; the queue server has been told, too. */
  async renew(): Promise<WorkerRegistration> {
    const registration = await this.transport.call(workers.renew);
    this.options = { ...this.options, token: registration.token };
    this.transport = new Transport({ ...this.options, retryMs: 0 });
    return registration;
  }

  /** The bytes behind a signed request, all in memory: for what is known to be short. */
  async fetchShort(signed: SignedRequest, signal?: AbortSignal): Promise<Uint8Array> {
    return fetchWhole(this.route, signed, signal);
  }

  /** What the subtasks of a workload have printed, from index `from` on; only for the attempt that reduces them. */
  async subtaskResults(body: AttemptLease & { from: number }, signal?: AbortSignal): Promise<SubtaskResults> {
    return this.transport.call(workers.subtaskResults, { body, signal });
  }

  async unregister(): Promise<void> {
    await this.transport.call(workers.unregister);
  }

  /** The worker's WebSocket, not yet open. */
  openChannel(headers: Readonly<Record<string, string>> = {}): WebSocket {
    const url = addressUrl(this.options.url, pathOf(workers.channel, {}));
    const agent = agentFor(url);
    url.protocol = url.protocol.replace('http', 'ws');
    return new WebSocket(url, {
      headers: { Authorization: `Bearer ${this.options.token}`, [VERSION_HEADER]: VERSION, ...headers },
      handshakeTimeout: 10_000,
      agent,
    });
  }
}
