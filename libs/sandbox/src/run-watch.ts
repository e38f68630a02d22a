import { cpuTimeMs, residentBytes } from './process-usage.js';
import type { SandboxResult } from './sandbox-request.js';

export type Stop = Pick<SandboxResult, 'outcome' | 'reason' | 'message'>;

/** Asking the kernel more often than this would not be more exact. */
const CHECK_MIN_MS = 20;

/** So often the memory of the process is looked at; a run that is shorter never is. */
const MEMORY_CHECK_MS = 100;

export interface WatchLimits {
  /** Of the whole process: what compiling takes is outside of every limit that the engine keeps. */
  readonly processLimitBytes: number;
  readonly cpuTimeLimitMs: number;
  readonly wallLimitMs: number;
}

/** A process as the watch sees it. */
export interface Watched {
  readonly pid: number;
  /** CPU time of the process before the run. */
  readonly cpuUsedMs: number;
  kill(): void;
}

/**
 * Ends a run at its limits or when it is cancelled, by killing the process. CPU time is looked at
 * only when it could be up, that is never for a short run; where the kernel doesn't tell it, the
 * time that has passed stands for it.
 */
export class RunWatch {
  stop: Stop | undefined = undefined;
  /** CPU time of a run that was ended, at that moment. */
  cpuMsAtStop = 0;
  /** Resolves when the run is ended before its time; else never. */
  readonly stopped: Promise<void>;
  #resolveStopped: () => void = () => undefined;
  readonly #startedAt = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isClosed = false;

  constructor(
    private readonly process: Watched,
    private readonly limits: WatchLimits,
    private readonly signal: AbortSignal,
  ) {
    this.stopped = new Promise((resolve) => (this.#resolveStopped = resolve));
    const wallMessage = `the program ran longer than ${limits.wallLimitMs} ms`;
    this.#arm(limits.wallLimitMs, () => this.end({ outcome: 'timed_out', reason: 'wall_limit', message: wallMessage }));
    if (limits.cpuTimeLimitMs <= limits.wallLimitMs) this.#arm(limits.cpuTimeLimitMs, () => this.#checkCpu());
    this.#arm(MEMORY_CHECK_MS, () => this.#checkMemory());
    signal.addEventListener('abort', this.#cancel, { once: true });
    if (signal.aborted) this.#cancel();
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** To be called when the run is over; afterwards nothing is killed. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.signal.removeEventListener('abort', this.#cancel);
  }

  /** Ends the run; the first reason counts. */
  end(stop: Stop): void {
    if (this.#isClosed || this.stop !== undefined) return;
    this.stop = stop;
    this.cpuMsAtStop = this.#cpuMs();
    this.process.kill();
    this.#resolveStopped();
  }

  #arm(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }

  #checkCpu(): void {
    const leftMs = this.limits.cpuTimeLimitMs - this.#cpuMs();
    const message = `the program used more than ${this.limits.cpuTimeLimitMs} ms of CPU time`;
    if (leftMs <= 0) this.end({ outcome: 'timed_out', reason: 'cpu_limit', message });
    else this.#arm(Math.max(leftMs, CHECK_MIN_MS), () => this.#checkCpu());
  }

  #checkMemory(): void {
    const limitMib = Math.floor(this.limits.processLimitBytes / 2 ** 20);
    const message = `compiling and running the program took more than ${limitMib} MiB, its own memory included`;
    if ((residentBytes(this.process.pid) ?? 0) > this.limits.processLimitBytes)
      this.end({ outcome: 'failed', reason: 'memory_limit', message });
    else this.#arm(MEMORY_CHECK_MS, () => this.#checkMemory());
  }

  #cpuMs(): number {
    const total = cpuTimeMs(this.process.pid);
    return total === undefined ? this.elapsedMs : Math.max(total - this.process.cpuUsedMs, 0);
  }

  readonly #cancel = (): void => this.end({ outcome: 'cancelled' });
}
