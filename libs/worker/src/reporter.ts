import type { WorkerClient } from '@mitosis/client';
import { MitoError, type Log, type Service } from '@mitosis/domain';
import { bareReport, reducedReport, type AttemptReport, type ReportAnswer } from '@mitosis/protocol';
import { Batcher } from '@mitosis/queue';
import { isFaultOfOne, isRefusal, keepTrying } from './keep-trying.js';
import type { ReportSpool } from './report-spool.js';

/** `spooled`: it is kept and delivered later. `refused`: the coordinator takes nothing of it. */
export type ReportStatus = 'accepted' | 'stale' | 'spooled' | 'refused';

type Delivered = 'accepted' | 'stale';

type Verdict = Pick<ReportAnswer['results'][number], 'status' | 'message'>;

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

/** Well below what the coordinator reads as one request. */
const BATCH_BYTES = 4 * 1_048_576;

function bytesOf(report: AttemptReport): number {
  try {
    return Buffer.byteLength(JSON.stringify(report));
  } catch (cause) {
    const message = `the report can't be written as JSON: ${(cause as Error).message}`;
    throw new MitoError('invalid', 'report_unwritable', message, { cause });
  }
}

/** An answer that can't be read says nothing about the reports: they are sent again. */
function unexpected(error: unknown): never {
  if (error instanceof MitoError) throw error;
  const message = `the answer of the coordinator can't be read: ${(error as Error).message}`;
  throw new MitoError('unavailable', 'unexpected_answer', message, { cause: error });
}

/** An error instead of the verdict on a report that was not committed. */
function committed({ status, message }: Verdict): Delivered {
  if (status === 'accepted' || status === 'stale') return status;
  if (status === 'unavailable') throw new MitoError('unavailable', 'report_postponed', 'the report was not stored yet');
  throw new MitoError('invalid', 'report_refused', message ?? 'the coordinator can not store the report');
}

/**
 * Tells the coordinator how attempts ended, whatever it takes. Each report is judged alone: one that is refused is
 * sent again without what its program wrote, and spoils no other.
 */
export class Reporter implements Service {
  private readonly batcher: Batcher<AttemptReport, Verdict>;
  private readonly undelivered = new Map<AttemptReport, Promise<void>>();

  constructor(private readonly options: ReporterOptions) {
    this.batcher = new Batcher(
      async (reports) => {
        const results = await options.client.report(reports).catch(unexpected);
        const byRequest = new Map(results.map((result) => [result.request, result]));
        return reports.map(({ request }) => byRequest.get(request) ?? { status: 'stale' });
      },
      {
        maxItems: 64,
        maxBytes: BATCH_BYTES,
        sizeOf: bytesOf,
        concurrency: 2,
        paceMs: () => PACE_MS[options.isStream() ? 'stream' : 'single'],
        isFaultOfOne,
      },
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
   * disk and will be delivered later. Never rejects.
   */
  async report(report: AttemptReport): Promise<ReportStatus> {
    const { log, spool } = this.options;
    try {
      return await this.deliver(report);
    } catch (error) {
      if (isRefusal(error)) return this.giveUp(report, error);
      log.warn({ err: error, task: report.task }, 'a report was not delivered; it is kept on disk');
      await spool
        .add(report)
        .catch((cause: unknown) => log.error({ err: cause, task: report.task }, 'a report is kept in memory only'));
      this.deliverLater(report);
      return 'spooled';
    }
  }

  /** Sends a report, and less and less of it as long as it is refused. Throws when even the least is. */
  private async deliver(report: AttemptReport): Promise<Delivered> {
    let why = '';
    const forms = [() => report, () => reducedReport(report, why), () => bareReport(report, why)];
    for (const [index, form] of forms.entries()) {
      try {
        return committed(await this.batcher.call(form()));
      } catch (error) {
        if (!isRefusal(error) || index === forms.length - 1) throw error;
        why = (error as Error).message;
        this.options.log.error({ err: error, task: report.task }, 'a report was refused; a part of it is left out');
      }
    }
    throw new Error('there is no form of the report');
  }

  /** Nothing of it is taken: its attempt is lost, and said to be. */
  private async giveUp(report: AttemptReport, error: unknown): Promise<'refused'> {
    const { log, spool } = this.options;
    log.error({ err: error, task: report.task, attempt: report.attempt }, 'a report was refused for good; set aside');
    await spool
      .setAside(report)
      .catch((cause: unknown) => log.error({ err: cause, task: report.task }, 'a report could not be set aside'));
    return 'refused';
  }

  private deliverLater(report: AttemptReport): void {
    const { log, signal, spool } = this.options;
    const delivery = keepTrying('delivering a report', () => this.deliver(report), { log, signal })
      .then(async (status) => {
        await spool.remove(report);
        log.info({ task: report.task, attempt: report.attempt, status }, 'a spooled report was delivered');
      })
      .catch(async (error: unknown) => {
        if (signal.aborted) return;
        if (isRefusal(error)) await this.giveUp(report, error);
        else log.error({ err: error, task: report.task }, 'a report was refused; it stays on disk');
      })
      .finally(() => this.undelivered.delete(report));
    this.undelivered.set(report, delivery);
  }
}
