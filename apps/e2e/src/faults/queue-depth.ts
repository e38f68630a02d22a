import type { Site } from './site.js';

const EVERY_MS = 250;

/** What `reserveWindow` of the coordinator promises: twice the slots of the live workers and 50 more, per replica. */
const DEPTH = `
  SELECT 50 + 2 * coalesce((SELECT sum(slots) FROM workers
      WHERE state = 'active' AND last_seen_at > now() - interval '1 minute'), 0)::int AS window,
    coalesce((SELECT max(jobs) FROM (SELECT count(*)::int AS jobs FROM tasks
      WHERE state = 'ready' AND dispatched_at IS NOT NULL GROUP BY queue) AS q), 0)::int AS depth`;

/** Looks at the queues while a run continues. */
export class QueueDepth {
  /** The most jobs seen in one queue. */
  depthMax = 0;
  /** The widest bound so far: one that shrinks, for workers that are gone, takes no job back. */
  window = 0;
  isExceeded = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly site: Site) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      const { rows } = await this.site.db.query<{ window: number; depth: number }>(DEPTH);
      for (const { window, depth } of rows) this.note(depth, window * (this.site.options.coordinators ?? 1));
    } catch {
      // Looked at again when the database is back.
    }
  }

  private note(depth: number, window: number): void {
    this.window = Math.max(this.window, window);
    this.depthMax = Math.max(this.depthMax, depth);
    if (depth > this.window) this.isExceeded = true;
  }
}
