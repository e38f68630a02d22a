import type { Readable } from 'node:stream';
import {
  operations,
  type ArtifactKind,
  type AttachmentDownload,
  type AttachmentPage,
  type AttachmentView,
  type SignedRequest,
  type StorageReport,
  type StoredCheckpoint,
  type StoredFile,
  type UploadTicket,
} from '@mitosis/protocol';
import type { Transport } from '../transport.js';
import { downloadFile, type Download } from './download-file.js';
import { fileFacts } from './file-facts.js';
import { getSigned, type TransferOptions } from './signed-transfer.js';
import { StoreRoute } from './store-route.js';
import { sendFile } from './upload-file.js';
import { withRetries } from './with-retries.js';

export interface AttachmentFilter {
  readonly prefix?: string | undefined;
  readonly limit?: number | undefined;
  /** Skips the first N. */
  readonly offset?: number | undefined;
  readonly after?: string | undefined;
  readonly count?: boolean | undefined;
}

const { artifacts, attachments, checkpoints, uploads } = operations;

type Signal = { readonly signal?: AbortSignal | undefined };

/** The answer to a comparison of store and database may take this long. */
const CHECK_MS = 30 * 60_000;

/** Files of groups and artifacts of tasks, as people use them; part of `MitosisClient`. */
export class FilesApi {
  private readonly route: StoreRoute;

  constructor(private readonly transport: Transport) {
    this.route = new StoreRoute(transport.url);
  }

  /** Uploads a file; the same call after an interruption sends only what is missing. */
  async uploadAttachment(group: string, key: string, file: string, options: TransferOptions = {}): Promise<StoredFile> {
    const facts = await fileFacts(file, options.signal);
    const { signal } = options;
    const begin = () =>
      this.transport.call(attachments.upload, {
        params: { group },
        body: { key, ...facts },
        signal,
        isRepeatable: true,
      });
    return this.upload(begin, { path: file, sizeBytes: facts.size_bytes }, options);
  }

  /** Uploads what a stream gives, whatever its length. It can't be repeated: the stream is gone then. */
  async uploadAttachmentStream(
    group: string,
    key: string,
    body: Readable,
    { signal }: Signal = {},
  ): Promise<StoredFile> {
    return this.transport.stream(attachments.store, body, { params: { group }, query: { key }, signal });
  }

  async uploadArtifact(
    task: string,
    kind: ArtifactKind,
    file: string,
    options: TransferOptions = {},
  ): Promise<StoredFile> {
    const facts = await fileFacts(file, options.signal);
    const { signal } = options;
    const params = { uuid: task, kind };
    const begin = () => this.transport.call(artifacts.upload, { params, body: facts, signal, isRepeatable: true });
    return this.upload(begin, { path: file, sizeBytes: facts.size_bytes }, options);
  }

  async deleteArtifact(task: string, kind: ArtifactKind, { signal }: Signal = {}): Promise<void> {
    await this.transport.call(artifacts.delete, { params: { uuid: task, kind }, signal });
  }

  /** The stored states of the checkpoint folder of a task, newest first. */
  async checkpoints(task: string, { signal }: Signal = {}): Promise<StoredCheckpoint[]> {
    return (await this.transport.call(checkpoints.list, { params: { uuid: task }, signal })).checkpoints;
  }

  /** Deletes them: the next attempt of the task starts from the beginning. */
  async deleteCheckpoints(task: string, { signal }: Signal = {}): Promise<void> {
    await this.transport.call(checkpoints.delete, { params: { uuid: task }, signal });
  }

  /** What is known of a file, with a request to fetch it that is good for some minutes. */
  async attachment(group: string, key: string, { signal }: Signal = {}): Promise<AttachmentDownload> {
    return this.transport.call(attachments.download, { params: { group }, query: { key }, signal });
  }

  /** One page, sorted by key. */
  async queryAttachments(
    group: string,
    filter: AttachmentFilter = {},
    { signal }: Signal = {},
  ): Promise<AttachmentPage> {
    return this.transport.call(attachments.query, { params: { group }, query: filter, signal });
  }

  /** All files whose key begins with the prefix, page by page; `limit` ends it early. */
  async *attachments(
    group: string,
    { prefix, limit = Infinity, offset, after }: AttachmentFilter = {},
    options: Signal = {},
  ): AsyncGenerator<AttachmentView> {
    let position: AttachmentFilter = { offset, after };
    for (let left = limit; left > 0;) {
      const page = await this.queryAttachments(group, { prefix, ...position, limit: Math.min(left, 1000) }, options);
      yield* page.attachments;
      if (page.next === null) return;
      left -= page.attachments.length;
      position = { after: page.next };
    }
  }

  async deleteAttachment(group: string, key: string, { signal }: Signal = {}): Promise<void> {
    await this.transport.call(attachments.delete, { params: { group }, query: { key }, signal });
  }

  /** Up to 1000 keys; returns those that were there. */
  async deleteAttachments(group: string, keys: readonly string[], { signal }: Signal = {}): Promise<string[]> {
    const options = { params: { group }, body: { keys }, signal, isRepeatable: true };
    return (await this.transport.call(attachments.deleteBatch, options)).deleted;
  }

  async checkStorage(repair: boolean, { signal }: Signal = {}): Promise<StorageReport> {
    return this.transport.call(operations.storage.check, { body: { repair }, signal, timeoutMs: CHECK_MS });
  }

  /** Fetches into `file`, which appears only when all has arrived and its SHA-256 is right. */
  async download(download: Download, file: string, options: TransferOptions = {}): Promise<void> {
    await downloadFile(this.route, download, file, options);
  }

  /** The bytes as they come, unchecked; for those who look at a part of them only. */
  async openDownload(request: SignedRequest, { signal }: Signal = {}): Promise<Readable> {
    return (await getSigned(this.route, request, 0, signal)).body;
  }

  private async upload(
    begin: () => Promise<UploadTicket>,
    file: { readonly path: string; readonly sizeBytes: number },
    options: TransferOptions,
  ): Promise<StoredFile> {
    const { signal } = options;
    const calls = {
      missing: async (upload: string) =>
        (await this.transport.call(uploads.missing, { params: { upload }, signal })).missing,
      sign: (upload: string, numbers: readonly number[]) => {
        const body = { part_numbers: numbers };
        return this.transport.call(uploads.parts, { params: { upload }, body, signal, isRepeatable: true });
      },
    };
    return withRetries(async () => {
      const ticket = await begin();
      await sendFile(ticket, file, calls, { route: this.route, ...options });
      const params = { upload: ticket.upload };
      return this.transport.call(uploads.complete, { params, signal, isRepeatable: true, timeoutMs: CHECK_MS });
    }, signal);
  }
}
