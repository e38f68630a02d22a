import { MitoError, type Log, type Service } from '@mitosis/domain';
import { planLaunch } from './launch-plan.js';
import { ProcessPool } from './process-pool.js';
import { checkRequest, sandboxStopped, type SandboxRequest, type SandboxResult } from './sandbox-request.js';
import { SandboxRun } from './sandbox-run.js';

export interface SandboxOptions {
  /** How many programs can run at the same time; each has a process of its own. */
  readonly processes: number;
  readonly log: Log;
}

const NOT_STARTED: SandboxResult = { outcome: 'cancelled', exitCode: null, cpuMs: 0, wallMs: 0, peakMemoryBytes: 0 };

/**
 * Runs WASI preview 1 programs of unknown origin. Each run has a fresh instance, memory and file
 * system, in one of a pool of restricted processes: the program reaches its arguments, its inputs
 * under `/resource`, its results under `/result`, clocks and randomness, and nothing else. It is
 * stopped at its limits or on cancel by killing the process, within a second; the next run gets
 * another one.
 */
export class Sandbox implements Service {
  #pool: ProcessPool | undefined;
  #runs = new Set<Promise<SandboxResult>>();

  constructor(private readonly options: SandboxOptions) {
    if (!Number.isInteger(options.processes) || options.processes < 1) {
      throw new MitoError('invalid', 'invalid_request', 'processes: a sandbox has at least one process');
    }
  }

  /** Starts the first process. Throws `sandbox_unavailable` where that is impossible. */
  async start(): Promise<void> {
    if (this.#pool !== undefined) return;
    const { processes, log } = this.options;
    const plan = await planLaunch();
    const pool = new ProcessPool(plan, processes, log);
    await pool.warm();
    this.#pool = pool;
    const { hasOwnNetwork, diesWithParent } = plan;
    log.info({ processes, hasOwnNetwork, diesWithParent }, 'sandbox started');
  }

  /** Kills what still runs; those runs end as `failed`, `process_died`. */
  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.stop();
    await Promise.allSettled(this.#runs);
  }

  /**
   * Runs one program and tells how it ended; `signal` cancels it, also while it waits for a process.
   * Rejects with a MitoError for what could not run at all: `invalid_request`, the errors of
   * {@link inspectProgram}, `wasm_invalid`, `program_mismatch`, `program_unreadable`,
   * `input_unreadable`, `sandbox_stopped`, `sandbox_unavailable`; and with the error of `onOutput`
   * or of writing a result file.
   */
  async run(request: SandboxRequest, signal: AbortSignal): Promise<SandboxResult> {
    const run = this.#run(request, signal);
    this.#runs.add(run);
    try {
      return await run;
    } finally {
      this.#runs.delete(run);
    }
  }

  async #run(request: SandboxRequest, signal: AbortSignal): Promise<SandboxResult> {
    const limits = checkRequest(request);
    if (signal.aborted) return NOT_STARTED;
    const pool = this.#pool;
    if (pool === undefined) throw sandboxStopped();
    const guest = await pool.acquire(signal);
    if (guest === undefined) return NOT_STARTED;
    try {
      return await new SandboxRun(guest, request, limits, signal).finish();
    } finally {
      guest.countRun();
      pool.release(guest);
    }
  }
}
