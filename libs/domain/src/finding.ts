/** What one check of a deployment has found, and what to do when it is not well. */
export interface Finding {
  /** Stable, dotted: the part, then what of it; for example `queue.eviction`. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failure';
  readonly found: string;
  readonly advice?: string | undefined;
}
