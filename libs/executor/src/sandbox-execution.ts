import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { MitoError, processExitCode, storableSentence } from '@mitosis/domain';
import type { SandboxReason, SandboxRequest, SandboxResult } from '@mitosis/sandbox';
import type { Execution, ExecutionOutcome, ExecutionResult, Guest } from './execution.js';
import { failedResult, MESSAGE_LENGTH_MAX } from './failed-result.js';
import { followSpool, type OnChunk } from './follow-spool.js';
import { noGuests, noTerminal } from './launcher-requests.js';
import { SpoolWriter } from './launcher/spool-writer.js';
import type { ProgramRequest } from './program-request.js';
import { resourceFiles } from './resource-files.js';
import type { Scratch } from './scratch.js';

type RunProgram = (request: SandboxRequest, signal: AbortSignal) => Promise<SandboxResult>;

/** The sandbox is what bounds the output; the spool has room for it with its frames. */
const SPOOL_LIMIT_BYTES = Number.MAX_SAFE_INTEGER;

const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
/** The longest time that a timer of the sandbox keeps. */
const TIMER_MAX_MS = 2_147_483_647;

const LIMITS: ReadonlySet<SandboxReason> = new Set(['memory_limit', 'output_limit', 'file_limit']);

function outcomeOf({ outcome, reason }: SandboxResult): ExecutionOutcome {
  if (outcome !== 'failed') return outcome;
  if (reason === 'process_died') return 'worker_error';
  return reason !== undefined && LIMITS.has(reason) ? 'limit_exceeded' : 'trapped';
}

function messageOf({ reason, message, exitCode }: SandboxResult): string | undefined {
  const isMapped = exitCode !== null && processExitCode(exitCode) !== exitCode;
  const mapped = isMapped && `the program gave exit code ${exitCode}, which counts as ${processExitCode(exitCode)}`;
  const text = [reason, message, mapped].filter(Boolean).join(': ');
  return text === '' ? undefined : storableSentence(text, MESSAGE_LENGTH_MAX);
}

/** What could not run at all: by the program's own fault, or for want of something here. */
function refusedResult(error: unknown): ExecutionResult {
  const message = error instanceof Error ? error.message : String(error);
  const isProgram = error instanceof MitoError && error.kind === 'invalid';
  return failedResult(isProgram ? 'spawn_failed' : 'worker_error', message);
}

/** One attempt of a sandboxed program: it waits for a process of the sandbox, runs, and is over. */
export class SandboxExecution implements Execution {
  readonly result: Promise<ExecutionResult>;
  readonly #stop = new AbortController();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #stdout = createHash('sha256');
  #cancelReason: string | undefined;
  #outputBytes = 0;
  #isOver = false;

  constructor(
    private readonly request: ProgramRequest,
    private readonly runProgram: RunProgram,
  ) {
    this.result = this.#run().then((result) => {
      this.#isOver = true;
      this.#outputBytes = result.outputBytes;
      this.#changes.emit('change');
      return result;
    });
  }

  cancel(reason: string): void {
    this.#cancelReason ??= reason;
    this.#stop.abort();
  }

  operateTerminal(): Promise<number> {
    return Promise.reject(noTerminal());
  }

  startGuest(): Guest {
    throw noGuests('A sandboxed program has no processes, and nothing runs beside it');
  }

  pids(): Promise<readonly number[]> {
    return Promise.resolve([]);
  }

  signal(): Promise<number> {
    return Promise.resolve(0);
  }

  get scratch(): Scratch {
    return this.request.scratch;
  }

  outputBytes(): Promise<number> {
    return Promise.resolve(this.#outputBytes);
  }

  async follow(from: number, onChunk: OnChunk, signal: AbortSignal): Promise<void> {
    const spool = {
      path: this.request.scratch.spoolPath,
      readableBytes: () => this.#outputBytes,
      hasEnded: () => this.#isOver,
      change: (aborted: AbortSignal) => this.#change(aborted),
    };
    await followSpool(spool, from, onChunk, signal);
  }

  async #change(signal: AbortSignal): Promise<void> {
    try {
      await once(this.#changes, 'change', { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #run(): Promise<ExecutionResult> {
    let failure: unknown;
    try {
      const spool = await SpoolWriter.open(this.request.scratch.spoolPath, {
        limitBytes: SPOOL_LIMIT_BYTES,
        onFailure: (error) => (failure = error),
        onGrowth: (bytes) => this.#grow(bytes),
      });
      try {
        return await this.#runInto(spool, () => failure);
      } finally {
        await spool.close();
      }
    } catch (error) {
      return { ...refusedResult(error), outputBytes: this.#outputBytes };
    }
  }

  async #runInto(spool: SpoolWriter, failure: () => unknown): Promise<ExecutionResult> {
    const result = await this.runProgram(await this.#sandboxRequest(spool, failure), this.#stop.signal);
    const message =
      this.#cancelReason !== undefined && result.outcome === 'cancelled' ? this.#cancelReason : messageOf(result);
    return {
      outcome: outcomeOf(result),
      exitCode: result.exitCode === null ? null : processExitCode(result.exitCode),
      signal: null,
      ...(message !== undefined && { message }),
      wallMs: result.wallMs,
      userCpuMs: result.cpuMs,
      systemCpuMs: null,
      peakRssBytes: result.peakMemoryBytes,
      outputBytes: spool.size,
      outputTruncated: spool.isTruncated,
      stdoutSha256: this.#stdout.digest('hex'),
    };
  }

  async #sandboxRequest(spool: SpoolWriter, failure: () => unknown): Promise<SandboxRequest> {
    const { spec, scratch } = this.request;
    const {
      memoryLimitBytes,
      cpuLimitMs = spec.timeoutMs ?? TIMER_MAX_MS,
      outputLimitBytes = OUTPUT_LIMIT_BYTES,
    } = spec;
    return {
      program: spec.programPath,
      sha256: spec.sha256,
      args: spec.args,
      env: spec.env,
      files: await resourceFiles(scratch.resourceDir),
      resultDir: scratch.resultDir,
      wallLimitMs: Math.min(spec.timeoutMs ?? TIMER_MAX_MS, TIMER_MAX_MS),
      cpuTimeLimitMs: Math.min(cpuLimitMs, TIMER_MAX_MS),
      outputLimitBytes,
      ...(spec.stdin !== undefined && { stdin: spec.stdin }),
      ...(memoryLimitBytes !== undefined && {
        memoryLimitBytes,
        fileLimitBytes: memoryLimitBytes,
        resultLimitBytes: memoryLimitBytes,
      }),
      onOutput: async (stream, bytes) => {
        if (stream === 1) this.#stdout.update(bytes);
        await spool.write(stream === 1 ? 'stdout' : 'stderr', bytes);
        const error = failure();
        if (error !== undefined)
          throw new MitoError('unavailable', 'output_not_kept', 'The output could not be kept', { cause: error });
      },
    };
  }

  #grow(bytes: number): void {
    this.#outputBytes = Math.max(this.#outputBytes, bytes);
    this.#changes.emit('change');
  }
}
