import type { DataSource } from 'typeorm';
import { DEFAULT_CPUS, suggestOptions } from '@mitosis/domain';
import type { JobEfficiency } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { coresOf, gpusOf } from '../resources/assigned-sql.js';
import type { JobReader } from './read-jobs.js';

interface Row {
  readonly measured: number;
  readonly evidence: number;
  readonly cpus: number | null;
  readonly used_mean: number | null;
  readonly used_max: number | null;
  readonly mem_bytes: number | null;
  readonly peak_median: number | null;
  readonly peak_max: number | null;
  readonly limit_ms: number | null;
  readonly median_ms: number | null;
  readonly max_ms: number | null;
  readonly gpus: number | null;
  readonly out_of_memory: number;
  readonly timed_out: number;
}

/** An attempt that is shorter may have ended between two measurements. */
const EVIDENCE_MS = 1_000;

const EFFICIENCY = `
  WITH last AS (
    SELECT a.wall_ms::float8 AS wall, (a.user_cpu_ms + a.system_cpu_ms)::float8 AS cpu,
      a.peak_rss_bytes::float8 AS peak, ${coresOf('a')} AS cpus, (a.assigned ->> 'mem_bytes')::float8 AS mem,
      ${gpusOf('a')} AS gpus,
      t.timeout_ms::float8 AS time_limit, t.reason, a.wall_ms >= ${EVIDENCE_MS} AND t.state = 'completed' AS is_evidence
    FROM tasks t JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
    WHERE t.job_id = $1 AND t.retried_by IS NULL AND a.ended_at IS NOT NULL AND a.wall_ms IS NOT NULL
  )
  SELECT count(*)::int AS measured, count(*) FILTER (WHERE is_evidence)::int AS evidence,
    max(cpus) AS cpus, max(mem) AS mem_bytes, max(gpus) AS gpus, max(time_limit) AS limit_ms,
    sum(cpu) FILTER (WHERE is_evidence) / nullif(sum(wall) FILTER (WHERE is_evidence), 0) AS used_mean,
    max(cpu / nullif(wall, 0)) FILTER (WHERE is_evidence) AS used_max,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY peak) FILTER (WHERE is_evidence) AS peak_median,
    max(peak) FILTER (WHERE is_evidence) AS peak_max,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY wall) AS median_ms, max(wall) AS max_ms,
    count(*) FILTER (WHERE reason = 'out_of_memory')::int AS out_of_memory,
    count(*) FILTER (WHERE reason = 'timeout')::int AS timed_out
  FROM last`;

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100);

/** What the tasks of a job asked for and used. Throws `job_not_found`. */
export async function readJobEfficiency(
  { dataSource, reader }: { readonly dataSource: DataSource; readonly reader: JobReader },
  actor: UserActor,
  job: string,
): Promise<JobEfficiency> {
  await reader.row(actor, job);
  const [row] = (await dataSource.query(EFFICIENCY, [job])) as [Row];
  const { measured, evidence, out_of_memory, timed_out } = row;
  return {
    measured,
    evidence,
    cpus: { asked: row.cpus ?? DEFAULT_CPUS, used_mean: rounded(row.used_mean), used_max: rounded(row.used_max) },
    mem: { asked_bytes: row.mem_bytes, peak_median_bytes: row.peak_median, peak_max_bytes: row.peak_max },
    time: { limit_ms: row.limit_ms, median_ms: row.median_ms, max_ms: row.max_ms },
    gpus: { asked: row.gpus ?? 0 },
    out_of_memory,
    timed_out,
    suggestion: suggestOptions({
      evidence,
      cpusUsedMax: row.used_max,
      memAskedBytes: row.mem_bytes,
      peakMaxBytes: row.peak_max,
      limitMs: row.limit_ms,
      maxMs: row.max_ms,
      outOfMemory: out_of_memory,
      timedOut: timed_out,
    }),
  };
}
