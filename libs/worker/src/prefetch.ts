/** Work that may lie ahead of each slot; more would only keep it from other workers. */
const AHEAD_MS = 60;
/** Tasks ahead of each slot, however short they are. */
const AHEAD_MAX = 8;
/** Weight of the newest task in the average. */
const WEIGHT = 0.2;
/** Tasks that have to be seen before anything is taken ahead. */
const SAMPLES_MIN = 8;

/**
 * How many tasks to take before there is a slot for them. None, unless the tasks of late were so
 * short that fetching them one by one would cost more than running them.
 */
export class Prefetch {
  private averageMs = 0;
  private samples = 0;

  /** With no slots nothing is ever taken ahead. */
  constructor(private readonly slots: number) {}

  /** A task has run for `wallMs`. */
  observe(wallMs: number): void {
    this.averageMs = this.samples === 0 ? wallMs : this.averageMs * (1 - WEIGHT) + wallMs * WEIGHT;
    this.samples += 1;
  }

  /** Tasks to hold beyond the slots. */
  get size(): number {
    if (this.samples < SAMPLES_MIN) return 0;
    return this.slots * Math.min(Math.floor(AHEAD_MS / Math.max(this.averageMs, 1)), AHEAD_MAX);
  }
}
