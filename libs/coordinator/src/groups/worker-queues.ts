import type { DataSource } from 'typeorm';
import { servesGroup } from '../kernel/serving.js';

/**
 * The queues that a worker consumes: those of the groups that it serves (`servesGroup`), whose tags it
 * meets, of the one kind that it takes if it does not take both. The rule is `tagsMatch` of the domain library.
 */
export async function queuesOf(dataSource: DataSource, workerId: string): Promise<string[]> {
  const rows = (await dataSource.query(
    `SELECT q.name FROM queues q
     JOIN worker_groups g ON g.group_id = q.group_id AND ${servesGroup('g')}
     JOIN groups o ON o.id = q.group_id AND o.state <> 'deleted'
     JOIN workers w ON w.id = g.worker_id AND mito_tags_match(w.tags, w.takes, q.tags)
     AND coalesce(w.only_kind, q.kind) = q.kind
     WHERE w.id = $1 AND w.state = 'active' ORDER BY q.name`,
    [workerId],
  )) as { name: string }[];
  return rows.map(({ name }) => name);
}

/** The active workers that serve one of `groupIds`. */
export async function workersServing(
  dataSource: Pick<DataSource, 'query'>,
  groupIds: readonly string[],
): Promise<string[]> {
  const rows = (await dataSource.query(
    `SELECT DISTINCT g.worker_id AS id FROM worker_groups g
     JOIN workers w ON w.id = g.worker_id AND w.state = 'active'
     WHERE g.group_id = ANY ($1) AND ${servesGroup('g')}`,
    [groupIds],
  )) as { id: string }[];
  return rows.map(({ id }) => id);
}

/** The names of the groups whose tasks a worker runs; undefined when it is gone. */
export async function servedGroups(dataSource: DataSource, workerId: string): Promise<string[] | undefined> {
  const rows = (await dataSource.query(
    `SELECT g.name FROM workers w
     LEFT JOIN (worker_groups s JOIN groups g ON g.id = s.group_id AND g.state <> 'deleted')
       ON s.worker_id = w.id AND ${servesGroup('s')}
     WHERE w.id = $1 AND w.state <> 'gone' ORDER BY g.name`,
    [workerId],
  )) as { name: string | null }[];
  return rows.length === 0 ? undefined : rows.flatMap(({ name }) => (name === null ? [] : [name]));
}
