/** An item on its way, and who waits for its answer. */
interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly bytes: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export interface BatcherOptions<Item> {
  readonly maxItems: number;
  /** Most bytes of a batch by `sizeOf`; an item that is larger travels alone. */
  readonly maxBytes?: number;
  sizeOf?(item: Item): number;
  /** True for an error that one of the items may have caused: the batch is sent in halves, until that item is alone. */
  isFaultOfOne?(error: unknown): boolean;
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
    /** Returns one result per item, in order. */
    private readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly options: BatcherOptions<Item>,
  ) {}

  call(item: Item, isInHurry = false): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const bytes = this.options.sizeOf?.(item) ?? 0;
      this.waiting.push({ item, bytes, resolve, reject });
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
    void this.deliver(this.waiting.splice(0, this.fitting())).finally(() => {
      this.active -= 1;
      this.flush();
    });
  }

  /** How many of those that wait make the next batch. */
  private fitting(): number {
    const { maxItems, maxBytes = Infinity } = this.options;
    let bytes = 0;
    const count = this.waiting.slice(0, maxItems).findIndex((entry) => (bytes += entry.bytes) > maxBytes);
    return count < 0 ? maxItems : Math.max(count, 1);
  }

  private async deliver(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.send(batch.map(({ item }) => item));
      batch.forEach((entry, index) => entry.resolve(answers[index] as Answer));
    } catch (error) {
      if (batch.length === 1 || !this.options.isFaultOfOne?.(error)) {
        for (const entry of batch) entry.reject(error);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await this.deliver(batch.slice(0, half));
      await this.deliver(batch.slice(half));
    }
  }
}
