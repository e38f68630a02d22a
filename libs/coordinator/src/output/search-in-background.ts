import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { invalidField, MitoError } from '@mitosis/domain';
import type { OutputStream } from '@mitosis/protocol';
import type { FoundLine, SearchPosition } from './line-search.js';

/** What is searched for. */
export interface Expression {
  readonly pattern: string;
  readonly syntax: 're2' | 'text';
  readonly ignoreCase: boolean;
}

interface Opened {
  readonly from: SearchPosition;
  readonly max: number;
  readonly streams: readonly OutputStream[] | undefined;
}

export type ToThread =
  | { readonly expression: Expression }
  | { readonly open: Opened }
  | { readonly chunk: Uint8Array }
  | { readonly isOver: true };

/** What the thread found, or whose fault it is that it could not look. */
export type FromThread =
  | { readonly found: FoundLine[]; readonly isEnough: boolean; readonly position?: SearchPosition }
  | { readonly refusal: 'pattern' | 'output'; readonly message: string };

export type Looked = Extract<FromThread, { found: unknown }>;

/** Searches at a time; further requests wait. */
const AT_ONCE = 2;
/** A pattern that takes longer for one chunk is refused, and so is one that needs more memory. */
const CHUNK_MS = 10_000;
const THREAD_HEAP_MIB = 256;
const IDLE_MS = 30_000;

/** One search in a thread of its own: whatever the pattern and the output, the process keeps serving others. */
export class BackgroundSearch {
  constructor(private readonly thread: Worker) {}

  /** Throws `invalid_request` for a pattern that RE2 can't read. */
  async begin(expression: Expression): Promise<void> {
    await this.ask({ expression });
  }

  async open(opened: Opened): Promise<void> {
    await this.ask({ open: opened });
  }

  /** Throws `invalid_output_frame` when these are not frames, `search_too_costly` when it takes too long. */
  look(chunk: Uint8Array): Promise<Looked> {
    return this.ask({ chunk });
  }

  /** The output has no more: its last line may have no newline. */
  finish(): Promise<Looked> {
    return this.ask({ isOver: true });
  }

  private async ask(message: ToThread): Promise<Looked> {
    const answer = once(this.thread, 'message', { signal: AbortSignal.timeout(CHUNK_MS) });
    this.thread.postMessage(message);
    const [reply] = (await answer.catch((cause: Error & { readonly code?: string }) => {
      const isCostly = cause.name === 'AbortError' || cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
      throw isCostly ? tooCostly(cause) : cause;
    })) as [FromThread];
    if (!('refusal' in reply)) return reply;
    if (reply.refusal === 'pattern') throw invalidField('pattern', `RE2 can't read it: ${reply.message}`);
    throw new MitoError('invalid', 'invalid_output_frame', reply.message);
  }
}

function tooCostly(cause: Error): MitoError {
  return new MitoError(
    'too-large',
    'search_too_costly',
    `the pattern takes more than ${CHUNK_MS / 1000} s or ` +
      `${THREAD_HEAP_MIB} MiB for a piece of the output: use a simpler one`,
    { cause, details: { field: 'pattern' } },
  );
}

let running = 0;
const waiting: (() => void)[] = [];
/** Threads without a search, each with what ends it. */
const idle: { readonly thread: Worker; readonly end: NodeJS.Timeout }[] = [];

/** An idle thread, or a new one: starting one costs more than most searches. */
function takeThread(): Worker {
  const found = idle.pop();
  clearTimeout(found?.end);
  const thread =
    found?.thread ??
    new Worker(new URL('./search-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB },
    });
  thread.ref();
  return thread;
}

/** Keeps no process alive, and ends after a while. */
function keepThread(thread: Worker): void {
  thread.unref();
  const end = setTimeout(() => {
    idle.splice(
      idle.findIndex((one) => one.thread === thread),
      1,
    );
    void thread.terminate();
  }, IDLE_MS).unref();
  idle.push({ thread, end });
}

/** Does `work` with a thread that searches for `expression`; waits while others have all threads. */
export async function searchInBackground<T>(
  expression: Expression,
  work: (search: BackgroundSearch) => Promise<T>,
): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  const thread = takeThread();
  let isWell = false;
  try {
    const search = new BackgroundSearch(thread);
    await search.begin(expression);
    const result = await work(search);
    isWell = true;
    return result;
  } finally {
    // A refused search may still be running.
    if (isWell) keepThread(thread);
    else await thread.terminate();
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}
