import type { DataSource } from 'typeorm';
import { invalidField } from '@mitosis/domain';
import { USAGE_ROWS_MAX, type UsageQuery, type UsageRow, type UsageTable } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { findGroup, readableGroups } from '../groups/find-group.js';
import { coresOf, gpusOf } from '../resources/assigned-sql.js';

const SINCE_DEFAULT_MS = 30 * 24 * 3_600_000;

/** `FILTER` chooses attempts that were lost, or the others. */
const figures = (filter: string): string => `
  'attempts', count(*) FILTER (WHERE ${filter}),
  'wall_hours', coalesce(sum(hours) FILTER (WHERE ${filter}), 0),
  'core_hours', coalesce(sum(hours * cpus) FILTER (WHERE ${filter}), 0),
  'gpu_hours', coalesce(sum(hours * gpus) FILTER (WHERE ${filter}), 0)`;

/** Keys that `by` ($4) does not name are null, so that they split no row. */
const USAGE = `
  WITH used AS (
    SELECT CASE WHEN 'user' = ANY ($4) THEN u.username END AS "user",
      CASE WHEN 'group' = ANY ($4) THEN g.name END AS "group",
      CASE WHEN 'job' = ANY ($4) THEN t.job_id END AS job, a.outcome IS NOT DISTINCT FROM 'lost' AS is_lost,
      greatest(extract(epoch FROM coalesce(a.ended_at, clock_timestamp()) - a.started_at), 0)::float8 / 3600 AS hours,
      ${coresOf('a')} AS cpus, ${gpusOf('a')} AS gpus,
      coalesce(a.user_cpu_ms + a.system_cpu_ms, 0)::float8 / 3600000 AS cpu_hours,
      CASE WHEN a.number = 1 THEN
        greatest(extract(epoch FROM a.started_at - greatest(t.created_at, t.not_before)), 0)::float8 / 3600
        ELSE 0 END AS waited
    FROM attempts a JOIN tasks t ON t.id = a.task_id JOIN groups g ON g.id = t.group_id
    JOIN users u ON u.id = t.creator_id
    WHERE a.started_at >= $1 AND a.started_at < $2 AND ($3::uuid[] IS NULL OR t.group_id = ANY ($3))
  ), summed AS (
    SELECT "user", "group", job, jsonb_build_object(${figures('NOT is_lost')},
      'cpu_hours', coalesce(sum(cpu_hours) FILTER (WHERE NOT is_lost), 0), 'waiting_hours', sum(waited),
      'lost', jsonb_build_object(${figures('is_lost')})) AS figures, sum(hours * cpus) AS weight
    FROM used GROUP BY "user", "group", job
  )
  SELECT jsonb_build_object('user', s."user", 'group', s."group", 'job', s.job, 'job_name', j.name) || s.figures AS row
  FROM summed s LEFT JOIN jobs j ON j.id = s.job
  ORDER BY s.weight DESC, s."user", s."group", s.job LIMIT ${USAGE_ROWS_MAX + 1}`;

/** The groups that count: the one that is named, or all that the caller may read; null for all there are. */
async function groupsOf(dataSource: DataSource, actor: UserActor, group: string | undefined): Promise<string[] | null> {
  if (group !== undefined)
    return [(await findGroup(dataSource.manager, actor, group, { action: 'task.read', what: 'reading its usage' })).id];
  return readableGroups(actor);
}

/** What attempts took, by user, group or job, of the groups that the caller may read. Throws `group_not_found`. */
export async function readUsage(
  dataSource: DataSource,
  actor: UserActor,
  { by, since, until, group }: UsageQuery,
): Promise<UsageTable> {
  const from = since ?? new Date(Date.now() - SINCE_DEFAULT_MS).toISOString();
  if (until !== undefined && until <= from) throw invalidField('until', `${until} is not after ${from}`);
  const groups = await groupsOf(dataSource, actor, group);
  const rows = (await dataSource.query(USAGE, [from, until ?? 'infinity', groups, by])) as { row: UsageRow }[];
  return {
    since: from,
    rows: rows.slice(0, USAGE_ROWS_MAX).map(({ row }) => row),
    is_complete: rows.length <= USAGE_ROWS_MAX,
  };
}
