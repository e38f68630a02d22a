import type { DataSource } from 'typeorm';
import type { JobResult, JobResultPage, JobResultQuery } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { JobReader } from './read-jobs.js';
import { summarizeMetrics } from './summarize-metrics.js';

const RESULTS = `
  SELECT json_build_object(
    'index', t.job_index, 'task', t.id, 'name', t.name, 'params', coalesce(t.spec -> 'params', '{}'), 'state', t.state,
    'exit_code', t.exit_code, 'signal', t.signal, 'reason', t.reason, 'attempts', t.attempt,
    'wall_ms', a.wall_ms, 'user_cpu_ms', a.user_cpu_ms, 'system_cpu_ms', a.system_cpu_ms,
    'peak_rss_bytes', a.peak_rss_bytes, 'artifacts', coalesce((
      SELECT json_agg(json_build_object('kind', f.kind, 'size_bytes', f.size_bytes) ORDER BY f.kind) FROM artifacts f
      WHERE f.task_id = t.id), '[]'),
    'metrics', coalesce(m.rows, '[]'), 'is_metrics_truncated', coalesce(m.is_truncated, false),
    'notes', coalesce(a.notes, '[]')
  ) AS result
  FROM tasks t
  LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
  LEFT JOIN metrics m ON m.task_id = t.id
  WHERE t.job_id = $1 AND t.retried_by IS NULL AND t.job_index > $2
  ORDER BY t.job_index LIMIT $3`;

/**
 * A page of the table of a job's results, in the order of its tasks; `next` is what `after` of the next query wants.
 */
export async function readJobResults(
  { dataSource, reader }: { readonly dataSource: DataSource; readonly reader: JobReader },
  actor: UserActor,
  uuid: string,
  { after = -1, limit, metrics }: JobResultQuery,
): Promise<JobResultPage> {
  await reader.row(actor, uuid);
  const rows = (await dataSource.query(RESULTS, [uuid, after, limit + 1])) as { result: JobResult }[];
  const page = rows
    .slice(0, limit)
    .map(({ result }) =>
      metrics === 'rows' ? result : { ...result, metrics: [], summary: summarizeMetrics(result.metrics) },
    );
  return { results: page, next: rows.length > limit ? (page.at(-1)?.index ?? null) : null };
}
