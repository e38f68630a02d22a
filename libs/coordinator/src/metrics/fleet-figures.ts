import type { DataSource } from 'typeorm';
import { TASK_STATES, type TaskState, type WantedState } from '@mitosis/domain';
import type { MetricsSummary, WorkerHealth } from '@mitosis/protocol';
import { isAlive } from '../kernel/alive-workers.js';

/** Figures are read at most this often, and never for more than a twentieth of the time. */
const KEEP_MS = 500;
const KEEP_FACTOR = 20;
/** The time over which rates are taken. */
const RATE_MS = 10_000;
const WORKERS_MAX = 1000;

interface WorkerRow {
  readonly uuid: string;
  readonly hostname: string;
  readonly wanted: WantedState;
  readonly slots: number;
  readonly running: number;
  readonly cpu: number | null;
  readonly memory_used_bytes: number | null;
  readonly memory_total_bytes: number | null;
  readonly seen_s: number;
  readonly is_alive: boolean;
  readonly trouble: string | null;
}

interface Sample {
  readonly takenAt: number;
  readonly finished: number;
  readonly failed: number;
}

const WORKERS = `
  SELECT w.id AS uuid, w.hostname, w.wanted, w.slots, count(a.task_id)::int AS running, w.cpu_load AS cpu,
    w.memory_used_bytes::float8 AS memory_used_bytes, w.memory_total_bytes::float8 AS memory_total_bytes,
    extract(epoch FROM clock_timestamp() - w.last_seen_at)::float8 AS seen_s,
    ${isAlive('w', '$1')} AS is_alive, w.trouble
  FROM workers w
  LEFT JOIN attempts a ON a.worker_id = w.id AND a.ended_at IS NULL
  WHERE w.state = 'active'
  GROUP BY w.id ORDER BY w.hostname, w.id LIMIT ${WORKERS_MAX}`;

/** The state of the whole deployment, as the database has it. */
export class FleetFigures {
  private latest: MetricsSummary | undefined;
  private validUntil = Number.NEGATIVE_INFINITY;
  private reading: Promise<MetricsSummary> | undefined;
  private samples: Sample[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly silentMs: number,
  ) {}

  async read(): Promise<MetricsSummary> {
    if (this.latest && performance.now() < this.validUntil) return this.latest;
    this.reading ??= this.readNow().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async readNow(): Promise<MetricsSummary> {
    const begunAt = performance.now();
    const states = (await this.dataSource.query(
      'SELECT state, count(*)::float8 AS count FROM tasks GROUP BY state',
    )) as {
      state: TaskState;
      count: number;
    }[];
    const [ready] = (await this.dataSource.query(
      `SELECT clock_timestamp() AS now, extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS age_s
       FROM tasks WHERE state = 'ready'`,
    )) as [{ now: Date; age_s: number | null }];
    const workers = (await this.dataSource.query(WORKERS, [this.silentMs])) as WorkerRow[];
    const counts = new Map(states.map(({ state, count }) => [state, count]));
    const tasks = Object.fromEntries(
      TASK_STATES.map((state) => [state, counts.get(state) ?? 0]),
    ) as MetricsSummary['tasks'];
    this.latest = {
      at: ready.now.toISOString(),
      tasks,
      oldest_ready_s: ready.age_s,
      ...this.rates(begunAt, tasks),
      workers: workers.map(toHealth),
    };
    const doneAt = performance.now();
    this.validUntil = doneAt + Math.max(KEEP_MS, (doneAt - begunAt) * KEEP_FACTOR);
    return this.latest;
  }

  private rates(
    takenAt: number,
    tasks: MetricsSummary['tasks'],
  ): Pick<MetricsSummary, 'finished_per_s' | 'failed_per_s'> {
    const now: Sample = { takenAt, finished: tasks.completed + tasks.failed + tasks.cancelled, failed: tasks.failed };
    const recent = this.samples.filter((sample) => takenAt - sample.takenAt <= RATE_MS);
    this.samples = [...(recent.length > 0 ? recent : this.samples.slice(-1)), now];
    const [first] = this.samples;
    const seconds = first === undefined ? 0 : (takenAt - first.takenAt) / 1000;
    if (first === undefined || seconds === 0) return { finished_per_s: null, failed_per_s: null };
    // Tasks that were deleted meanwhile do not make the rate negative.
    const rate = (key: 'finished' | 'failed'): number => Math.max(0, now[key] - first[key]) / seconds;
    return { finished_per_s: rate('finished'), failed_per_s: rate('failed') };
  }
}

function toHealth({ is_alive: isAliveNow, ...row }: WorkerRow): WorkerHealth {
  return { ...row, health: !isAliveNow ? 'silent' : row.trouble === null ? 'ok' : 'unable' };
}
