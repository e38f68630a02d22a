import type { WorkerClient } from '@mitosis/client';
import { MitoError, type Log, type Service } from '@mitosis/domain';
import type { AttemptReport } from '@mitosis/protocol';
import { Batcher } from '@mitosis/queue';
import { keepTrying } from './keep-trying.js';
import type { ReportSpool } from './report-spool.js';

export type ReportStatus = 'accepted' | 'stale' | 'spooled';

export interface ReporterOptions {
  readonly client: WorkerClient;
  readonly spool: ReportSpool;
  readonly log: Log;
  /** Fires when the worker ends: what is not delivered by then stays on disk. */
  readonly signal: AbortSignal;
  /** Whether tasks are so short that many are reported in a moment. */
  isStream(): boolean;
}

/** The slot of a task that is reported has been given on: only who follows the task waits for this. */
const PACE_MS = { single: 10, stream: 40 };

/** Tells the coordinator how attempts ended, whatever it takes. */
export class Reporter implements Service {
  private readonly batcher: Batcher<AttemptReport, 'accepted' | 'stale'>;
  private readonly undelivered = new Map<AttemptReport, Promise<void>>();

  constructor(private readonly options: ReporterOptions) {
    this.batcher = new Batcher(
      async (reports) => {
        const results = await options.client.report(reports);
        const byRequest = new Map(results.map(({ request, status }) => [request, status]));
        return reports.map(({ request }) => byRequest.get(request) ?? 'stale');
      },
      { maxItems: 64, concurrency: 2, paceMs: () => PACE_MS[options.isStream() ? 'stream' : 'single'] },
    );
  }

  /** Takes up what an earlier run could not deliver. */
  async start(): Promise<void> {
    const { reports, unreadable } = await this.options.spool.load();
    if (unreadable.length > 0)
      this.options.log.error({ files: unreadable }, 'spooled reports are damaged and stay where they are');
    for (const report of reports) this.deliverLater(report);
  }

  async stop(): Promise<void> {
    await Promise.all(this.undelivered.values());
  }

  /** Attempts that are over but not reported yet: their leases still have to be renewed. */
  get pending(): readonly AttemptReport[] {
    return [...this.undelivered.keys()];
  }

  /**
   * Resolves when the coordinator has answered, or, if it can't be reached, when the report is on
   * disk and will be delivered later.
   */
  async report(report: AttemptReport): Promise<ReportStatus> {
    try {
      return await this.batcher.call(report);
    } catch (error) {
      if (!(error instanceof MitoError)) throw error;
      this.options.log.warn({ err: error, task: report.task }, 'a report was not delivered; it is kept on disk');
      await this.options.spool.add(report);
      this.deliverLater(report);
      return 'spooled';
    }
  }

  private deliverLater(report: AttemptReport): void {
    const { log, signal, spool } = this.options;
    const delivery = keepTrying('delivering a report', () => this.batcher.call(report), { log, signal })
      .then(async (status) => {
        await spool.remove(report);
        log.info({ task: report.task, attempt: report.attempt, status }, 'a spooled report was delivered');
      })
      .catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error, task: report.task }, 'a report was refused; it stays on disk');
      })
      .finally(() => this.undelivered.delete(report));
    this.undelivered.set(report, delivery);
  }
}
