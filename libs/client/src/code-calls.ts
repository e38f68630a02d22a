import { operations, type CodeDownload, type CodeFile } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import { fetchWhole } from './files/signed-transfer.js';
import { StoreRoute } from './files/store-route.js';
import type { Transport } from './transport.js';

/** A folder of code, as far as it matters for storing it. */
export interface StorableCode {
  /** Of the list of files. */
  readonly sha256: string;
  readonly packs: readonly string[];
  /** A pack, or the list of files, compressed with gzip. */
  read(sha256: string): Promise<Uint8Array>;
}

export interface StoreCodeOptions extends CallOptions {
  /** Whose tasks run it; the caller's own when left out. */
  readonly group?: string | undefined;
}

/** Packs on their way at a time. */
const SENDERS = 4;
/** A pack that is removed meanwhile is sent again. */
const ROUNDS = 3;

/** The folders of code that tasks start in. */
export class CodeCalls {
  private readonly route: StoreRoute;

  constructor(private readonly transport: Transport) {
    this.route = new StoreRoute(transport.url);
  }

  /**
   * Stores a folder for the tasks of a group; sends what the group does not have, and returns how many bytes that was.
   */
  async store(code: StorableCode, { group, signal }: StoreCodeOptions = {}): Promise<number> {
    const body = { manifest: code.sha256, packs: code.packs, ...(group !== undefined && { group }) };
    const options = { body, signal, isRepeatable: true };
    let sent = 0;
    for (let round = 0; ; round += 1) {
      const { missing } = await this.transport.call(operations.code.offer, options);
      if (missing.length === 0 || round === ROUNDS) return sent;
      sent += await this.send(code, missing, { group, signal });
    }
  }

  /** The code of a task. Throws `code_not_found` when it has none. */
  async ofTask(uuid: string, { signal }: CallOptions = {}): Promise<CodeDownload> {
    return this.transport.call(operations.code.ofTask, { params: { uuid }, signal });
  }

  /** A pack, or the list of files, as it is stored. */
  async fetch({ download }: CodeFile, { signal }: CallOptions = {}): Promise<Uint8Array> {
    return fetchWhole(this.route, download, signal);
  }

  private async send(
    code: StorableCode,
    missing: readonly string[],
    { group, signal }: StoreCodeOptions,
  ): Promise<number> {
    const left = [...missing];
    let sent = 0;
    const sendAll = async (): Promise<void> => {
      for (let sha256 = left.pop(); sha256 !== undefined; sha256 = left.pop()) {
        const bytes = await code.read(sha256);
        const headers = { 'Content-Type': 'application/gzip' };
        await this.transport.call(operations.code.storePack, {
          params: { sha256 },
          query: { group },
          bytes,
          headers,
          signal,
        });
        sent += bytes.length;
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, sendAll));
    return sent;
  }
}
