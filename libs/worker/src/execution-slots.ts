/** A task that was taken ahead of time is given back when it could not begin within this time. */
export const HOLD_MS = 250;

interface Waiting {
  readonly priority: number;
  begin(): void;
}

/**
 * The slots in which tasks run. What was taken ahead of time waits here for its turn, higher
 * priority first, then as it came, and never longer than {@link HOLD_MS}: an idle worker can have it.
 */
export class ExecutionSlots {
  private free: number;
  private readonly waiting: Waiting[] = [];

  constructor(slots: number) {
    this.free = slots;
  }

  /**
   * Runs `work` in a slot. Returns undefined, without having run it, when no slot became free in
   * time or `signal` fired before.
   */
  async run<T>(priority: number, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    if (!(await this.acquire(priority, signal))) return undefined;
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  private async acquire(priority: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.free > 0) {
      this.free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const settle = (hasSlot: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        resolve(hasSlot);
      };
      const entry: Waiting = { priority, begin: () => settle(true) };
      const giveUp = (): void => {
        const index = this.waiting.indexOf(entry);
        if (index < 0) return;
        this.waiting.splice(index, 1);
        settle(false);
      };
      const timer = setTimeout(giveUp, HOLD_MS);
      signal.addEventListener('abort', giveUp, { once: true });
      this.enqueue(entry);
    });
  }

  /** Nothing waits for its turn: a slot is free, or the next one that becomes free will have nothing to do. */
  get isStarved(): boolean {
    return this.waiting.length === 0;
  }

  /** Work waits for its turn, and work of this priority would begin before it. */
  isOvertaking(priority: number): boolean {
    const [first] = this.waiting;
    return first !== undefined && first.priority < priority;
  }

  /** Behind those of the same or a higher priority. */
  private enqueue(entry: Waiting): void {
    const index = this.waiting.findIndex(({ priority }) => priority < entry.priority);
    this.waiting.splice(index < 0 ? this.waiting.length : index, 0, entry);
  }

  private release(): void {
    const next = this.waiting.shift();
    if (next) next.begin();
    else this.free += 1;
  }
}
