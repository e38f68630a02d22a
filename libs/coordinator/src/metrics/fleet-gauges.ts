import { Gauge, type Registry } from 'prom-client';
import type { MetricsSummary } from '@mitosis/protocol';

/** The figures of the deployment as gauges: every replica shows the same, so take `max`, not `sum`. */
export class FleetGauges {
  private readonly databaseUp: Gauge;
  private readonly tasks: Gauge<'state'>;
  private readonly oldestReady: Gauge;
  private readonly workers: Gauge<'health'>;
  private readonly perWorker: Readonly<
    Record<'slots' | 'running' | 'cpu' | 'memory' | 'seen', Gauge<'worker' | 'hostname'>>
  >;

  constructor(registry: Registry) {
    const registers = [registry];
    const ofWorker = (name: string, help: string) =>
      new Gauge({ name, help, labelNames: ['worker', 'hostname'] as const, registers });
    this.databaseUp = new Gauge({
      name: 'mitosis_database_up',
      help: 'Whether these figures could be read',
      registers,
    });
    this.tasks = new Gauge({
      name: 'mitosis_tasks',
      help: 'Tasks by state',
      labelNames: ['state'] as const,
      registers,
    });
    this.oldestReady = new Gauge({
      name: 'mitosis_ready_oldest_seconds',
      help: 'Age of the oldest ready task',
      registers,
    });
    this.workers = new Gauge({
      name: 'mitosis_workers',
      help: 'Active workers by health',
      labelNames: ['health'] as const,
      registers,
    });
    this.perWorker = {
      slots: ofWorker('mitosis_worker_slots', 'Tasks at once'),
      running: ofWorker('mitosis_worker_running', 'Open attempts'),
      cpu: ofWorker('mitosis_worker_cpu_ratio', 'How busy the cores of its machine are'),
      memory: ofWorker('mitosis_worker_memory_used_bytes', 'Memory in use on its machine'),
      seen: ofWorker('mitosis_worker_seen_seconds', 'Time since its last heartbeat'),
    };
  }

  /** Takes over what was read; undefined: nothing could be read, and nothing old is shown. */
  set(figures: MetricsSummary | undefined): void {
    for (const gauge of [this.tasks, this.workers, this.oldestReady, ...Object.values(this.perWorker)]) gauge.reset();
    this.databaseUp.set(figures ? 1 : 0);
    if (!figures) return;
    for (const [state, count] of Object.entries(figures.tasks)) this.tasks.set({ state }, count);
    this.oldestReady.set(figures.oldest_ready_s ?? 0);
    for (const health of ['ok', 'silent', 'unable'] as const) {
      this.workers.set({ health }, figures.workers.filter((worker) => worker.health === health).length);
    }
    for (const { uuid: worker, hostname, ...row } of figures.workers) {
      const labels = { worker, hostname };
      this.perWorker.slots.set(labels, row.slots);
      this.perWorker.running.set(labels, row.running);
      this.perWorker.seen.set(labels, row.seen_s);
      if (row.cpu !== null) this.perWorker.cpu.set(labels, row.cpu);
      if (row.memory_used_bytes !== null) this.perWorker.memory.set(labels, row.memory_used_bytes);
    }
  }
}
