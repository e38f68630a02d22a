import { createReadStream } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerClient } from '@mitosis/client';
import { MitoError, type Log } from '@mitosis/domain';
import type { Scratch } from '@mitosis/executor';
import {
  FrameDecoder,
  WORKLOAD_LIMITS,
  type ClaimedTask,
  type SignedRequest,
  type SubtaskResults,
} from '@mitosis/protocol';
import { keepTrying } from './keep-trying.js';

export interface JoinResultsDeps {
  readonly client: Pick<WorkerClient, 'download' | 'fetchShort' | 'subtaskResults'>;
  readonly log: Log;
  /** The most that all results may have together. */
  readonly limitBytes?: number;
}

type Result = SubtaskResults['results'][number];

/** Up to here a result is held in memory. */
const SHORT_BYTES = 4 * 2 ** 20;

const LENGTH_BYTES = 4;

/** The length before a result: four bytes, big-endian. */
function lengthPrefix(bytes: number): Buffer {
  const prefix = Buffer.alloc(LENGTH_BYTES);
  prefix.writeUInt32BE(bytes);
  return prefix;
}

/** The file that grows, one result after the other. */
class JoinedFile {
  private size = 0;
  private resultBytes = 0;

  constructor(
    private readonly handle: FileHandle,
    private readonly limitBytes: number,
  ) {}

  /** Appends what `frames` have of stdout. Throws `results_too_large`. */
  async append(frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const decoder = new FrameDecoder();
    const start = this.size;
    let position = start + LENGTH_BYTES;
    for await (const chunk of frames) {
      for (const { stream, payload } of decoder.push(chunk)) {
        if (stream !== 'stdout') continue;
        this.count(payload.length);
        await this.write(payload, position);
        position += payload.length;
      }
    }
    await this.write(lengthPrefix(position - start - LENGTH_BYTES), start);
    this.size = position;
  }

  private count(bytes: number): void {
    this.resultBytes += bytes;
    if (this.resultBytes <= this.limitBytes) return;
    throw new MitoError(
      'too-large',
      'results_too_large',
      `the results of the subtasks have more than ${this.limitBytes} bytes together, the most that reduce can read`,
    );
  }

  private async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;)
      done += (await this.handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** Reads the results of one workload, for the attempt that reduces them. */
class ResultReader {
  constructor(
    private readonly deps: JoinResultsDeps,
    private readonly claim: ClaimedTask,
    private readonly signal: AbortSignal,
  ) {}

  /** Those from index `from` on, some at a time. */
  async page(from: number): Promise<readonly Result[]> {
    const { client, log } = this.deps;
    const { task, attempt, lease } = this.claim;
    const { results } = await keepTrying(
      'reading results',
      () => client.subtaskResults({ task, attempt, lease, from }, this.signal),
      { log, signal: this.signal },
    );
    if (results.length === 0) throw new Error(`the workload has no result of subtask ${from}`);
    return results;
  }

  /** Calls `take` with the output of one subtask; what is long passes through the file `part`. */
  async open(
    result: Result,
    index: number,
    part: string,
    take: (frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    const { client, log } = this.deps;
    const { signal } = this;
    if (result.stored === 'inline') return take([Buffer.from(result.frames_base64, 'base64')]);
    const { size_bytes: sizeBytes, sha256, download } = result;
    if (sizeBytes <= SHORT_BYTES) {
      return take([await keepTrying('fetching a result', () => client.fetchShort(download, signal), { log, signal })]);
    }
    // A signed request is good for some time only.
    const sign = async (): Promise<SignedRequest> => {
      const [again] = await this.page(index);
      return again?.stored === 'object' ? again.download : download;
    };
    await keepTrying('fetching a result', () => client.download({ sizeBytes, sha256, sign }, part, signal), {
      log,
      signal,
    });
    await take(createReadStream(part));
    await rm(part);
  }
}

/**
 * Writes a file with the results of all subtasks in order, each with its length before it, and returns
 * where it is. Throws `results_too_large` past 1 GiB, and the reason of `signal`.
 */
export async function joinResults(
  deps: JoinResultsDeps,
  claim: ClaimedTask,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<string> {
  const file = path.join(scratch.dir, 'subtask-results');
  const reader = new ResultReader(deps, claim, signal);
  const handle = await open(file, 'wx', 0o600);
  try {
    const joined = new JoinedFile(handle, deps.limitBytes ?? WORKLOAD_LIMITS.resultsBytes);
    const count = claim.workload?.subtasks ?? 0;
    for (let done = 0; done < count;) {
      for (const result of await reader.page(done)) {
        await reader.open(result, done, `${file}.part`, (frames) => joined.append(frames));
        done += 1;
      }
    }
  } finally {
    await handle.close();
  }
  return file;
}
