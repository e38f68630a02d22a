import type { Site } from './site.js';

const EVERY_MS = 2_000;

/** Says on stderr how many tasks are in which state, while a run continues. */
export class Progress {
  private timer: NodeJS.Timeout | undefined;
  private readonly since = performance.now();

  constructor(private readonly site: Site) {}

  start(): void {
    this.timer = setInterval(() => void this.say(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async say(): Promise<void> {
    const seconds = ((performance.now() - this.since) / 1000).toFixed(0);
    try {
      const { rows } = await this.site.db.query<{ state: string; count: number }>(
        'SELECT state, count(*)::int AS count FROM tasks GROUP BY state ORDER BY state',
      );
      const states = rows.map(({ state, count }) => `${state} ${count}`).join(', ');
      process.stderr.write(`    ${seconds} s: ${states}; ${this.site.faults.count} faults\n`);
    } catch (error) {
      process.stderr.write(
        `    ${seconds} s: the database does not answer (${error instanceof Error ? error.message : String(error)})\n`,
      );
    }
  }
}
