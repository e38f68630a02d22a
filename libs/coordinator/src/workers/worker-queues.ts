import type { DataSource } from 'typeorm';

/**
 * The queues that a worker consumes: those of the groups that hold `write` on it, whose tags it
 * has (an untagged worker takes any). The rule is `tagsMatch` of the domain library.
 */
export async function queuesOf(dataSource: DataSource, workerId: string): Promise<string[]> {
  const rows = (await dataSource.query(
    `SELECT q.name FROM queues q
     JOIN worker_groups g ON g.group_id = q.group_id AND g.role IN ('write', 'admin')
     JOIN workers w ON w.id = g.worker_id AND (w.tags = '{}' OR w.tags @> q.tags)
     WHERE w.id = $1 AND w.state = 'active' ORDER BY q.name`,
    [workerId],
  )) as { name: string }[];
  return rows.map(({ name }) => name);
}

/** The active workers that serve one of `groupIds`. */
export async function workersServing(dataSource: DataSource, groupIds: readonly string[]): Promise<string[]> {
  const rows = (await dataSource.query(
    `SELECT DISTINCT g.worker_id AS id FROM worker_groups g
     JOIN workers w ON w.id = g.worker_id AND w.state = 'active'
     WHERE g.group_id = ANY ($1) AND g.role IN ('write', 'admin')`,
    [groupIds],
  )) as { id: string }[];
  return rows.map(({ id }) => id);
}
