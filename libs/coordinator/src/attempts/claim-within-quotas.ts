import type { DataSource, EntityManager } from 'typeorm';

export interface LimitedTask {
  readonly id: string;
  readonly group_id: string;
  /** Null for a locked group: none of its tasks may run. */
  readonly running_tasks_max: number | null;
}

export const LIMITED = `
  SELECT t.id, g.id AS group_id, CASE WHEN g.state = 'active' THEN g.running_tasks_max ELSE 0 END AS running_tasks_max
  FROM tasks t JOIN groups g ON g.id = t.group_id
  WHERE t.id = ANY ($1) AND t.state = 'ready' AND (g.running_tasks_max IS NOT NULL OR g.state <> 'active')`;

export async function admit(tx: EntityManager, tasks: readonly LimitedTask[]): Promise<string[]> {
  const groups = [...new Set(tasks.map(({ group_id }) => group_id))];
  const rows = (await tx.query(
    `SELECT group_id, count(*)::int AS running FROM tasks WHERE group_id = ANY ($1) AND state = 'running'
      GROUP BY group_id`,
    [groups],
  )) as { group_id: string; running: number }[];
  const running = new Map(rows.map((row) => [row.group_id, row.running]));
  return groups.flatMap((groupId) => {
    const wanted = tasks.filter(({ group_id }) => group_id === groupId);
    const room = Math.max((wanted[0]?.running_tasks_max ?? 0) - (running.get(groupId) ?? 0), 0);
    return wanted.slice(0, room).map(({ id }) => id);
  });
}

/**
 * Claims for tasks of groups that limit how many run at a time. Claims for one group come one after
 * the other, so that many at once never exceed its limit. Tasks for which there is no room wait in
 * Postgres again, until one of the group has ended.
 */
export async function claimWithinQuotas<T>(
  dataSource: DataSource,
  tasks: readonly string[],
  claim: (tx: EntityManager, admitted: readonly string[]) => Promise<T[]>,
): Promise<T[]> {
  const seen = (await dataSource.query(LIMITED, [tasks])) as LimitedTask[];
  if (seen.length === 0) return [];
  return dataSource.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM groups WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE', [
      seen.map(({ group_id }) => group_id),
    ]);
    const limited = (await tx.query(LIMITED, [tasks])) as LimitedTask[];
    const admitted = await admit(tx, limited);
    const claimed = admitted.length === 0 ? [] : await claim(tx, admitted);
    const refused = limited.map(({ id }) => id).filter((id) => !admitted.includes(id));
    await tx.query(`UPDATE tasks SET dispatched_at = NULL WHERE id = ANY ($1) AND state = 'ready'`, [refused]);
    return claimed;
  });
}
