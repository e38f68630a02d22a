const FIRST_MS = 50;
const MAX_MS = 5_000;

/** Growing pauses after failures in a row: 50 ms doubled up to 5 s, half of each drawn at random. */
export class Backoff {
  private failures = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Counts a failure and returns the pause after it, in ms. */
  next(): number {
    const full = Math.min(FIRST_MS * 2 ** Math.min(this.failures, 20), MAX_MS);
    this.failures += 1;
    return Math.round(full / 2 + (full / 2) * this.random());
  }

  reset(): void {
    this.failures = 0;
  }
}
