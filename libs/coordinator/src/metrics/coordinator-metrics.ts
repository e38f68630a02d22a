import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { isFinal } from '@mitosis/domain';
import type { AttemptReport, ReportAnswer } from '@mitosis/protocol';
import type { SettledTask } from '../kernel/settled-task.js';

/** From a fifth of a second to a day: queues and runs are looked at over the same range. */
const TASK_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What one replica counts itself. Rates over all replicas are sums; states are read from the database. */
export class CoordinatorMetrics {
  readonly registry = new Registry();
  private readonly submittedTasks = this.counter(
    'mitosis_tasks_submitted_total',
    'Tasks that were stored by this replica',
  );
  private readonly claims = this.counter('mitosis_claims_total', 'Claims of workers, by what was answered', ['result']);
  private readonly reports = this.counter('mitosis_reports_total', 'Reports of workers, by what was answered', [
    'status',
  ]);
  private readonly attempts = this.counter('mitosis_attempts_ended_total', 'Attempts that ended, by outcome', [
    'outcome',
  ]);
  private readonly requeued = this.counter(
    'mitosis_tasks_requeued_total',
    'Tasks that wait again after an attempt, by its outcome',
    ['outcome'],
  );
  private readonly finished = this.counter(
    'mitosis_tasks_finished_total',
    'Tasks that came to their end, by final state',
    ['state'],
  );
  private readonly leasesLost = this.counter('mitosis_leases_lost_total', 'Attempts whose lease ran out');
  private readonly attemptsResumed = this.counter(
    'mitosis_attempts_resumed_total',
    'Lost attempts that their workers went on with after an absence',
  );
  private readonly queueWait = this.histogram(
    'mitosis_queue_wait_seconds',
    'From submission or start time to the first claim',
    TASK_SECONDS,
  );
  private readonly runTime = this.histogram(
    'mitosis_run_seconds',
    'How long attempts ran, as their worker measured',
    TASK_SECONDS,
  );
  private readonly requests = this.histogram(
    'mitosis_http_request_seconds',
    'How long requests took',
    REQUEST_SECONDS,
    ['method', 'route', 'status'],
  );
  private readonly storeCalls = this.counter('mitosis_object_store_calls_total', 'Calls of the object store', [
    'operation',
    'result',
  ]);
  private readonly storeBytes = this.counter(
    'mitosis_object_store_bytes_total',
    'Bytes of objects stored, or that may be uploaded with signed requests',
    ['operation'],
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  submitted(count: number): void {
    this.submittedTasks.inc(count);
  }

  claimed({
    asked,
    answered,
    waitedS,
  }: {
    asked: number;
    answered: number;
    waitedS: readonly (number | null)[];
  }): void {
    this.claims.inc({ result: 'opened' }, waitedS.length);
    this.claims.inc({ result: 'repeated' }, answered - waitedS.length);
    this.claims.inc({ result: 'refused' }, Math.max(0, asked - answered));
    for (const seconds of waitedS) if (seconds !== null) this.queueWait.observe(Math.max(0, seconds));
  }

  resumed(count: number): void {
    this.attemptsResumed.inc(count);
  }

  reported(reports: readonly AttemptReport[], { results }: ReportAnswer): void {
    for (const [index, { status }] of results.entries()) {
      this.reports.inc({ status });
      const wallMs = reports[index]?.wall_ms;
      if (status === 'accepted' && wallMs != null) this.runTime.observe(wallMs / 1000);
    }
  }

  settled(settled: readonly SettledTask[]): void {
    for (const { outcome, state } of settled) {
      if (isFinal(state)) this.finished.inc({ state });
      if (outcome === undefined) continue;
      this.attempts.inc({ outcome });
      if (outcome === 'lost') this.leasesLost.inc();
      if (!isFinal(state)) this.requeued.inc({ outcome });
    }
  }

  requested(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status: String(status) }, seconds);
  }

  storeCalled(operation: string, result: 'ok' | 'error', bytes: number): void {
    this.storeCalls.inc({ operation, result });
    if (bytes > 0 && result === 'ok') this.storeBytes.inc({ operation }, bytes);
  }

  private counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    return new Histogram({ name, help, buckets, labelNames: [...labelNames], registers: [this.registry] });
  }
}
