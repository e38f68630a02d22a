/** An item on its way, and who waits for its answer. */
interface Waiting<Item, Answer> {
  readonly item: Item;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Gathers single calls into batches without waiting for more to come: what arrives while
 * `concurrency` batches are on their way goes with the next one.
 */
export class Batcher<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private active = 0;

  constructor(
    /** Answers one result per item, in order. */
    private readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly options: { readonly maxItems: number; readonly concurrency: number },
  ) {}

  call(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      // Whoever calls in the same turn of the event loop travels together.
      queueMicrotask(() => this.flush());
    });
  }

  private flush(): void {
    if (this.waiting.length === 0 || this.active >= this.options.concurrency) return;
    const batch = this.waiting.splice(0, this.options.maxItems);
    this.active += 1;
    void this.deliver(batch).finally(() => {
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
