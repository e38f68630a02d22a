import type { Log } from '@mitosis/domain';
import { GuestProcess } from './guest-process.js';
import type { LaunchPlan } from './launch-plan.js';
import { sandboxStopped } from './sandbox-request.js';

interface Waiter {
  readonly take: (process: GuestProcess) => void;
  readonly fail: (error: Error) => void;
}

/**
 * At most `size` children. They are started when they are needed, used one run at a time in the
 * order of asking, and replaced at once when one had to be killed.
 */
export class ProcessPool {
  readonly #idle: GuestProcess[] = [];
  readonly #all = new Set<GuestProcess>();
  readonly #waiting: Waiter[] = [];
  readonly #starting = new Set<Promise<void>>();
  #isStopped = false;

  constructor(
    private readonly plan: LaunchPlan,
    private readonly size: number,
    private readonly log: Log,
  ) {}

  /** Starts one child ahead of the first run. Throws `sandbox_unavailable`. */
  async warm(): Promise<void> {
    this.release(await this.acquire(new AbortController().signal));
  }

  /** A child for one run; undefined when `signal` aborts first. Throws `sandbox_stopped`, `sandbox_unavailable`. */
  acquire(signal: AbortSignal): Promise<GuestProcess | undefined> {
    if (this.#isStopped) return Promise.reject(sandboxStopped());
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        resolve(undefined);
      };
      const deaf = (): void => signal.removeEventListener('abort', giveUp);
      const waiter: Waiter = {
        take: (process) => (deaf(), resolve(process)),
        fail: (error) => (deaf(), reject(error)),
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  /** Takes a child back; one that can no longer be used is replaced. */
  release(process: GuestProcess | undefined): void {
    if (process === undefined) return;
    if (process.isUsable && !this.#isStopped) {
      this.#idle.push(process);
    } else {
      this.#retire(process);
      if (this.#hasRoom()) this.#start();
    }
    this.#serve();
  }

  /** Ends all children and waits until they are gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const waiter of this.#waiting.splice(0)) waiter.fail(sandboxStopped());
    await Promise.all(this.#starting);
    const all = [...this.#all];
    for (const process of all) process.kill();
    await Promise.all(all.map((process) => process.gone));
    this.#all.clear();
    this.#idle.length = 0;
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const process = this.#idle.pop();
      if (process === undefined) break;
      if (process.isUsable) this.#waiting.shift()?.take(process);
      else this.#retire(process);
    }
    while (this.#starting.size < this.#waiting.length && this.#hasRoom()) this.#start();
  }

  #hasRoom(): boolean {
    return !this.#isStopped && this.#all.size + this.#starting.size < this.size;
  }

  #start(): void {
    const starting = GuestProcess.start(this.plan, this.log).then(
      (process) => this.#admit(process),
      (error: Error) => void this.#waiting.shift()?.fail(error),
    );
    this.#starting.add(starting);
    void starting.finally(() => {
      this.#starting.delete(starting);
      this.#serve();
    });
  }

  #admit(process: GuestProcess): void {
    this.#all.add(process);
    this.#idle.push(process);
  }

  #retire(process: GuestProcess): void {
    process.kill();
    this.#all.delete(process);
  }
}
