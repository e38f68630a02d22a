import type { Log, Service } from '@mitosis/domain';

export interface RoundsOptions {
  /** One round. Returns after how many milliseconds the next one begins when nothing wakes it. */
  work(): Promise<number>;
  /** What a round does, for the log: "placing tasks". */
  readonly what: string;
  readonly log: Log;
  /** How long a round waits for further calls of `wake` before it begins. */
  readonly restMs?: number;
  /** How long the first round waits after the start. */
  readonly firstMs?: number;
  /** How long the round after one that has failed waits. */
  readonly retryMs?: number;
}

/** `ms`, up to a tenth more or less: replicas that were started together drift apart. */
export const drifting = (ms: number): number => ms * (0.9 + Math.random() * 0.2);

/**
 * Repeats `work`, one round at a time: after the time that the last round has returned, and earlier when it is woken.
 * A call of `wake` during a round leads to one more. A failure is logged once, until a round succeeds again.
 */
export class Rounds implements Service {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private isWoken = false;
  private isFailing = false;
  /** False once it is to stop: long work asks between its steps. */
  isStarted = false;

  constructor(private readonly options: RoundsOptions) {}

  async start(): Promise<void> {
    this.isStarted = true;
    this.schedule(this.options.firstMs ?? 0);
  }

  async stop(): Promise<void> {
    this.isStarted = false;
    clearTimeout(this.timer);
    await this.round;
  }

  /** Something has changed that a round would see. To be called after the commit. */
  wake(): void {
    if (this.isWoken || !this.isStarted) return;
    this.isWoken = true;
    if (!this.round) this.schedule(this.options.restMs ?? 0);
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (!this.isStarted) return;
    this.timer = setTimeout(() => {
      this.isWoken = false;
      this.round = this.run().then((waitMs) => {
        this.round = undefined;
        this.schedule(this.isWoken ? (this.options.restMs ?? 0) : waitMs);
      });
    }, ms);
  }

  private async run(): Promise<number> {
    const { work, what, log, retryMs = 1_000 } = this.options;
    try {
      const waitMs = await work();
      this.isFailing = false;
      return waitMs;
    } catch (error) {
      if (!this.isFailing) log.warn({ err: error }, `${what} failed; trying again`);
      this.isFailing = true;
      return retryMs;
    }
  }
}
