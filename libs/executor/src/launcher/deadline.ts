/** Longest delay that setTimeout keeps; a longer one would fire at once. */
const TIMER_MAX_MS = 2_147_483_647;

/** Calls back once after `delayMs`, however long that is (a timer of Node's ends at 24.8 days). */
export class Deadline {
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number, onReached: () => void) {
    this.#arm(performance.now() + delayMs, onReached);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #arm(at: number, onReached: () => void): void {
    const leftMs = at - performance.now();
    const isLast = leftMs <= TIMER_MAX_MS;
    this.#timer = setTimeout(
      () => (isLast ? onReached() : this.#arm(at, onReached)),
      isLast ? Math.max(leftMs, 0) : TIMER_MAX_MS,
    );
  }
}
