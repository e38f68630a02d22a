/** An item on its way, and who waits for its answer. */
interface Waiting<Item, Answer> {
  readonly item: Item;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export interface BatcherOptions {
  readonly maxItems: number;
  /** Batches that may be on their way at once. */
  readonly concurrency: number;
  /** Least time from one batch to the next, asked before each: a steady stream travels in fewer, larger ones. */
  paceMs(): number;
}

/**
 * Gathers single calls into batches. A call that comes alone goes at once; what comes while
 * `concurrency` batches are on their way, or sooner than `paceMs()` after the last one has left, goes with the next.
 * A call in a hurry does not wait for the pace, and takes along what does.
 */
export class Batcher<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private active = 0;
  private lastAt = -Infinity;
  private isInHurry = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    /** Answers one result per item, in order. */
    private readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly options: BatcherOptions,
  ) {}

  call(item: Item, isInHurry = false): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.isInHurry ||= isInHurry;
      // Whoever calls in the same turn of the event loop travels together.
      queueMicrotask(() => this.flush());
    });
  }

  private flush(): void {
    const { maxItems, concurrency } = this.options;
    if (this.waiting.length === 0 || this.active >= concurrency) return;
    const waitMs = this.lastAt + this.options.paceMs() - performance.now();
    if (waitMs > 0 && !this.isInHurry && this.waiting.length < maxItems) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.flush();
      }, waitMs);
      return;
    }
    this.lastAt = performance.now();
    this.isInHurry = false;
    this.active += 1;
    void this.deliver(this.waiting.splice(0, maxItems)).finally(() => {
      this.active -= 1;
      this.flush();
    });
  }

  private async deliver(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.send(batch.map(({ item }) => item));
      batch.forEach((entry, index) => entry.resolve(answers[index] as Answer));
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
  }
}
