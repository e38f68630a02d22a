import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MitoError } from '@mitosis/domain';
import { assertProgramSize, inspectProgram, type ProgramInfo } from './inspect-program.js';

export interface InspectedProgram extends ProgramInfo {
  readonly sha256: string;
}

/** What the thread found, or the parts of the error that it met. */
export type ThreadAnswer =
  { readonly info: InspectedProgram } | { readonly refusal: Pick<MitoError, 'kind' | 'code' | 'message' | 'details'> };

/** Smaller programs are looked at within some milliseconds: a thread would take longer to start. */
const THREAD_FROM_BYTES = 1_048_576;
const THREAD_HEAP_MIB = 256;

/** One thread at a time, whoever uploads. */
let last: Promise<unknown> = Promise.resolve();

/**
 * As `inspectProgram`, with the SHA-256 of the program. A large one is looked at in a thread of its own, so that the
 * process keeps serving others. Throws what `inspectProgram` throws.
 */
export async function inspectInBackground(bytes: Uint8Array): Promise<InspectedProgram> {
  assertProgramSize(bytes.length);
  if (bytes.length < THREAD_FROM_BYTES)
    return { ...inspectProgram(bytes), sha256: createHash('sha256').update(bytes).digest('hex') };
  const answer = last.then(() => inThread(bytes));
  last = answer.catch(() => undefined);
  const found = await answer;
  if ('info' in found) return found.info;
  const { kind, code, message, details } = found.refusal;
  throw new MitoError(kind, code, message, { details });
}

async function inThread(bytes: Uint8Array): Promise<ThreadAnswer> {
  const thread = new Worker(new URL('./inspect-thread.js', import.meta.url), {
    workerData: bytes,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB },
  });
  try {
    const [answer] = (await once(thread, 'message')) as [ThreadAnswer];
    return answer;
  } finally {
    await thread.terminate();
  }
}
