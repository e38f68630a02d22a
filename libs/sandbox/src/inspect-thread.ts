import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { MitoError } from '@mitosis/domain';
import type { ThreadAnswer } from './inspect-in-background.js';
import { inspectProgram } from './inspect-program.js';

/** The thread of `inspectInBackground`: looks at the bytes that it was started with, sends the result and ends. */
function look(bytes: Uint8Array): ThreadAnswer {
  try {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { info: { ...inspectProgram(bytes), sha256 } };
  } catch (error) {
    if (!(error instanceof MitoError)) throw error;
    const { kind, code, message, details } = error;
    return { refusal: { kind, code, message, details } };
  }
}

parentPort?.postMessage(look(workerData as Uint8Array));
