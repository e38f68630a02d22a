import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MitoError } from '@mitosis/domain';
import type { SignedRequest } from '@mitosis/protocol';
import { getSigned, type TransferOptions } from './signed-transfer.js';
import type { StoreRoute } from './store-route.js';
import { withRetries } from './with-retries.js';

export interface Download {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** A request for it, asked for again after each failure: the one before may have expired. */
  sign(): Promise<SignedRequest>;
}

/**
 * Fetches an object into `file`, which appears only when all has arrived and its SHA-256 is right.
 * What is cut off continues where it stopped, also in a later call: the draft beside the file, named
 * after the content, stays when a fault of the network ends this one. @throws `checksum_mismatch`.
 */
export async function downloadFile(
  route: StoreRoute,
  download: Download,
  file: string,
  options: TransferOptions = {},
): Promise<void> {
  // parsing: a hash is ASCII
  const draft = `${file}.${download.sha256.slice(0, 16)}.part`;
  await mkdir(path.dirname(file), { recursive: true });
  const drafting = new Draft(draft, download, options);
  await withRetries(
    () => drafting.fetchRest(route),
    options.signal,
    () => drafting.hasAdvanced(),
  );
  await rename(draft, file);
}

/** The beginning of a download, with its hash. */
class Draft {
  private hash: Hash = createHash('sha256');
  private sizeBytes = 0;
  private receivedBytes = 0;
  private receivedBefore = 0;
  private isRead = false;

  constructor(
    private readonly draft: string,
    private readonly download: Download,
    private readonly options: TransferOptions,
  ) {}

  /** True when bytes have arrived since it was asked before. */
  hasAdvanced(): boolean {
    const hasAdvanced = this.receivedBytes > this.receivedBefore;
    this.receivedBefore = this.receivedBytes;
    return hasAdvanced;
  }

  async fetchRest(route: StoreRoute): Promise<void> {
    const { download, options } = this;
    if (!this.isRead) await this.readDraft();
    if (this.sizeBytes < download.sizeBytes || download.sizeBytes === 0) {
      const { body, isWhole } = await getSigned(route, await download.sign(), this.sizeBytes, options.signal);
      if (isWhole) await this.restart();
      await this.write(body);
    }
    await this.verify();
  }

  /** Takes up what an earlier call has left. */
  private async readDraft(): Promise<void> {
    const size = await sizeOf(this.draft);
    if (size === undefined || size > this.download.sizeBytes) await this.restart();
    else await this.count(createReadStream(this.draft, { highWaterMark: 1_048_576 }));
    this.isRead = true;
  }

  private async restart(): Promise<void> {
    this.options.onBytes?.(-this.sizeBytes);
    await rm(this.draft, { force: true });
    this.hash = createHash('sha256');
    this.sizeBytes = 0;
  }

  private async count(stored: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of stored) this.add(chunk);
  }

  private add(chunk: Buffer): void {
    this.hash.update(chunk);
    this.sizeBytes += chunk.length;
    this.options.onBytes?.(chunk.length);
  }

  private async write(body: NodeJS.ReadableStream): Promise<void> {
    const { signal } = this.options;
    const meter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.add(chunk);
        this.receivedBytes += chunk.length;
        done(this.sizeBytes > this.download.sizeBytes ? this.mismatch('it is longer') : null, chunk);
      },
    });
    try {
      await pipeline(body, meter, createWriteStream(this.draft, { flags: 'a' }), { signal });
    } catch (error) {
      signal?.throwIfAborted();
      // Bytes that were counted may not have been written: the next try reads the draft again.
      this.options.onBytes?.(-this.sizeBytes);
      this.hash = createHash('sha256');
      this.sizeBytes = 0;
      this.isRead = false;
      throw this.failure(error);
    }
  }

  private async verify(): Promise<void> {
    if (this.sizeBytes < this.download.sizeBytes)
      throw new MitoError('unavailable', 'transfer_interrupted', 'the download broke off');
    const digest = this.hash.copy().digest('hex');
    if (digest === this.download.sha256) return;
    await this.restart();
    throw this.mismatch(`its SHA-256 is ${digest}, not ${this.download.sha256}`);
  }

  private mismatch(why: string): MitoError {
    return new MitoError('conflict', 'checksum_mismatch', `the download is damaged: ${why}`);
  }

  private failure(error: unknown): MitoError {
    if (error instanceof MitoError) return error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const message = error instanceof Error ? error.message : String(error);
    const isOurs = ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EISDIR', 'ENOTDIR', 'EPERM', 'EFBIG'].includes(code);
    if (isOurs)
      return new MitoError(
        'invalid',
        code === 'ENOSPC' || code === 'EDQUOT' ? 'disk_full' : 'not_written',
        `${this.draft} can't be written: ${message}`,
        { cause: error },
      );
    return new MitoError('unavailable', 'transfer_interrupted', `the download was interrupted: ${message}`, {
      cause: error,
    });
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
