import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AttemptReport } from '@mitosis/protocol';
import type { ReportStatus } from './reporter.js';

const RUN_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];

/** What a worker counts itself, read when somebody asks. */
export interface WorkerGauges {
  slots(): number;
  running(): number;
  spooledReports(): number;
  load(): { readonly cpu: number; readonly memory_used_bytes: number; readonly memory_total_bytes: number };
}

/** The metrics of one worker process. */
export class WorkerMetrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];
  private readonly claims = new Counter({
    name: 'mitosis_worker_claims_total',
    help: 'Claims, by what was answered',
    labelNames: ['result'] as const,
    registers: this.registers,
  });
  private readonly attempts = new Counter({
    name: 'mitosis_worker_attempts_total',
    help: 'Attempts that ended here, by outcome',
    labelNames: ['outcome'] as const,
    registers: this.registers,
  });
  private readonly reports = new Counter({
    name: 'mitosis_worker_reports_total',
    help: 'Reports, by what became of them',
    labelNames: ['status'] as const,
    registers: this.registers,
  });
  private readonly runTime = new Histogram({
    name: 'mitosis_worker_run_seconds',
    help: 'How long attempts ran',
    buckets: RUN_SECONDS,
    registers: this.registers,
  });
  private readonly uploadedBytes = new Counter({
    name: 'mitosis_worker_uploaded_bytes_total',
    help: 'Bytes that were stored in the object store',
    registers: this.registers,
  });

  constructor(gauges: WorkerGauges) {
    collectDefaultMetrics({ register: this.registry });
    this.gauge('mitosis_worker_process_slots', 'Tasks at once', () => gauges.slots());
    this.gauge('mitosis_worker_process_running', 'Open attempts', () => gauges.running());
    this.gauge('mitosis_worker_process_spooled_reports', 'Reports on disk that could not be delivered yet', () =>
      gauges.spooledReports(),
    );
    this.gauge('mitosis_worker_host_cpu_ratio', 'How busy all cores of the machine are', () => gauges.load().cpu);
    this.gauge(
      'mitosis_worker_host_memory_used_bytes',
      'Memory in use on the machine',
      () => gauges.load().memory_used_bytes,
    );
    this.gauge('mitosis_worker_host_memory_bytes', 'Memory of the machine', () => gauges.load().memory_total_bytes);
  }

  claimed(result: 'opened' | 'refused'): void {
    this.claims.inc({ result });
  }

  ended(report: AttemptReport | 'stale'): void {
    if (report === 'stale') return this.attempts.inc({ outcome: 'stale' });
    this.attempts.inc({ outcome: report.outcome });
    if (report.wall_ms !== null) this.runTime.observe(report.wall_ms / 1000);
  }

  reported(status: ReportStatus): void {
    this.reports.inc({ status });
  }

  uploaded(bytes: number): void {
    this.uploadedBytes.inc(bytes);
  }

  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: this.registers,
      collect() {
        this.set(read());
      },
    });
  }
}
