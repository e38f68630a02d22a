import { MitoError, isAllowed } from '@mitosis/domain';
import type { TaskPage, TaskQuery, TaskSummary, TaskView } from '@mitosis/protocol';
import type { DataSource } from 'typeorm';
import type { UserActor } from '../auth/authenticator.js';

const iso = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const TASK_VIEW = `
  SELECT t.seq, json_build_object(
    'uuid', t.id, 'group', g.name, 'creator', u.username, 'name', t.name, 'state', t.state,
    'args', t.spec -> 'args', 'env', t.spec -> 'env', 'terminal', t.spec -> 'terminal',
    'resources', coalesce(t.spec -> 'resources', '[]'), 'not_kept', coalesce(a.not_kept, '[]'),
    'tags', t.tags, 'labels', t.labels, 'priority', t.priority, 'timeout_ms', t.timeout_ms,
    'retries', t.retries, 'retry_delay_ms', t.retry_delay_ms, 'retry_exit_codes', t.retry_exit_codes,
    'attempt', t.attempt, 'worker', a.worker_id,
    'created_at', ${iso('t.created_at')}, 'started_at', ${iso('t.started_at')}, 'finished_at', ${iso('t.finished_at')},
    'exit_code', t.exit_code, 'signal', t.signal, 'reason', t.reason, 'message', t.message,
    'artifacts', coalesce((
      SELECT json_agg(json_build_object('kind', f.kind, 'size_bytes', f.size_bytes, 'sha256', f.sha256,
        'created_at', ${iso('f.created_at')}, 'skipped', f.skipped) ORDER BY f.kind)
      FROM artifacts f WHERE f.task_id = t.id), '[]')
  ) AS view
  FROM tasks t
  JOIN groups g ON g.id = t.group_id
  JOIN users u ON u.id = t.creator_id
  LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt`;

interface ViewRow {
  readonly seq: string;
  readonly view: TaskView;
}

export function taskNotFound(uuid: string): MitoError {
  return new MitoError('not-found', 'task_not_found', `there is no task ${uuid} that you may see`);
}

/** What people may read about tasks: those of the groups in which they have a role. */
export class TaskReader {
  constructor(private readonly dataSource: DataSource) {}

  /** Throws `task_not_found`, the same for a task that does not exist and one of another group. */
  async get(actor: UserActor, uuid: string): Promise<TaskView> {
    await this.assertReadable(actor, [uuid]);
    const [row] = (await this.dataSource.query(`${TASK_VIEW} WHERE t.id = $1`, [uuid])) as ViewRow[];
    if (!row) throw taskNotFound(uuid);
    return row.view;
  }

  /** Newest first. `next` of the page is what `after` of the next query wants. */
  async query(actor: UserActor, query: TaskQuery): Promise<TaskPage> {
    const { where, values } = filters(actor, query);
    const rows = (await this.dataSource.query(
      `${TASK_VIEW} ${where} ORDER BY t.seq DESC LIMIT ${query.limit + 1}`,
      values,
    )) as ViewRow[];
    const page = rows.slice(0, query.limit);
    const next = rows.length > query.limit ? (page.at(-1)?.seq ?? null) : null;
    return { tasks: page.map(({ view }) => view), next };
  }

  /** The states of tasks that the caller may see, in the order asked for. */
  async summaries(actor: UserActor, uuids: readonly string[]): Promise<TaskSummary[]> {
    await this.assertReadable(actor, uuids);
    const rows = (await this.dataSource.query(
      `SELECT id AS uuid, state, exit_code, signal, reason, message FROM tasks WHERE id = ANY ($1)`,
      [uuids],
    )) as TaskSummary[];
    const byId = new Map(rows.map((row) => [row.uuid, row]));
    return uuids.map((uuid) => byId.get(uuid) as TaskSummary);
  }

  private async assertReadable(actor: UserActor, uuids: readonly string[]): Promise<void> {
    const rows = (await this.dataSource.query('SELECT id, group_id FROM tasks WHERE id = ANY ($1)', [uuids])) as {
      id: string;
      group_id: string;
    }[];
    const groups = new Map(rows.map(({ id, group_id }) => [id, group_id]));
    for (const uuid of uuids) {
      const groupId = groups.get(uuid);
      if (groupId === undefined || !isAllowed(actor, { action: 'task.read', groupId })) throw taskNotFound(uuid);
    }
  }
}

function filters(actor: UserActor, query: TaskQuery): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const add = (condition: (parameter: string) => string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (!actor.isAdmin) add((p) => `t.group_id = ANY (${p})`, [...actor.roles.keys()]);
  add((p) => `g.name = ${p}`, query.group);
  add((p) => `u.username = ${p}`, query.creator);
  add((p) => `t.state = ANY (${p})`, query.state);
  add((p) => `t.tags @> ${p}`, query.tags);
  add((p) => `t.labels @> ${p}`, query.labels);
  add((p) => `t.name = ${p}`, query.name);
  add((p) => `t.seq < ${p}`, query.after);
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values };
}
