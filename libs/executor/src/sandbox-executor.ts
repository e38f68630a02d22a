import { MitoError, type Log, type Service } from '@mitosis/domain';
import { Sandbox } from '@mitosis/sandbox';
import type { Execution } from './execution.js';
import type { ProgramRequest } from './program-request.js';
import { SandboxExecution } from './sandbox-execution.js';

export interface SandboxExecutorOptions {
  /** Programs that can run at the same time. */
  readonly processes: number;
  readonly log: Log;
}

/**
 * Runs sandboxed programs with the same interface as commands: output goes to the spool, what they
 * leave in `/result` to the result folder, and `/resource` is what lies in the resource folder. The
 * first program starts the sandbox: a worker that never meets one has no such process.
 */
export class SandboxExecutor implements Service {
  readonly #sandbox: Sandbox;
  readonly #executions = new Map<string, SandboxExecution>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: SandboxExecutorOptions) {
    this.#sandbox = new Sandbox(options);
  }

  /** Starts a first process. Throws `sandbox_unavailable` where that is impossible; may be called again then. */
  start(): Promise<void> {
    this.#starting ??= this.#sandbox.start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /** Ends what runs, as `worker_error`. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Begins an attempt. Throws `already_running`, `executor_stopped`. */
  run(request: ProgramRequest): Execution {
    const { executionId: id } = request;
    if (this.#stopping !== undefined)
      throw new MitoError('unavailable', 'executor_stopped', 'The executor is not running');
    if (this.#executions.has(id)) throw new MitoError('conflict', 'already_running', `${id} is being run already`);
    const execution = new SandboxExecution(request, async (program, signal) => {
      await this.start();
      return this.#sandbox.run(program, signal);
    });
    this.#executions.set(id, execution);
    void execution.result.then(() => this.#executions.delete(id));
    return execution;
  }

  async #stop(): Promise<void> {
    await Promise.allSettled([this.#starting]);
    await this.#sandbox.stop();
    await Promise.all([...this.#executions.values()].map(({ result }) => result));
  }
}
