import { MitoError } from '@mitosis/domain';
import type { GuestProcess } from './guest-process.js';
import type { RunReport } from './guest/frame.js';
import type { RunWatch } from './run-watch.js';
import type { SandboxResult } from './sandbox-request.js';

/** What V8 says before it gives up; Node ends with SIGABRT then. */
const OUT_OF_MEMORY = /out of memory|allocation failed/i;

/** What V8 said it died of, without its traces and the addresses in the memory of this machine. */
function reasonIn(lastWords: string): string {
  const lines = lastWords.split('\n').map((line) => line.trim());
  const reason = lines.find((line) => line.includes('FATAL ERROR: ')) ?? lines.find((line) => /^\w/.test(line));
  return reason?.replace(/\b0x[0-9a-f]+\b/gi, '') ?? 'it said nothing';
}

/** The result of a run that the process couldn't report: it was killed, or it died. */
export function stoppedResult(guest: GuestProcess, watch: RunWatch): SandboxResult {
  const isOutOfMemory = OUT_OF_MEMORY.test(guest.lastWords);
  const died = {
    outcome: 'failed',
    reason: isOutOfMemory ? 'memory_limit' : 'process_died',
    message: reasonIn(guest.lastWords),
  } as const;
  return {
    exitCode: null,
    ...(watch.stop ?? died),
    cpuMs: watch.cpuMsAtStop,
    wallMs: watch.elapsedMs,
    peakMemoryBytes: null,
  };
}

/** The result of a run that the process reported. Throws `wasm_invalid` for one that never began. */
export function reportedResult(report: RunReport, wallMs: number): SandboxResult {
  const { exitCode, reason, message, cpuMs, peakMemoryBytes } = report;
  const figures = { cpuMs, wallMs, peakMemoryBytes, ...(message === undefined ? {} : { message }) };
  if (reason === undefined) return { outcome: 'exited', exitCode, ...figures };
  if (reason === 'invalid_program') {
    throw new MitoError('invalid', 'wasm_invalid', `the program can't be loaded: ${message ?? reason}`);
  }
  if (reason === 'deadline') return { outcome: 'timed_out', exitCode: null, ...figures, reason: 'wall_limit' };
  return { outcome: 'failed', exitCode: null, ...figures, reason };
}
