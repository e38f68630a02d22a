import type { DataSource } from 'typeorm';
import { isAllowed } from '@mitosis/domain';
import type {
  TaskAttempts,
  TaskDetail,
  TaskFilters,
  TaskPage,
  TaskQuery,
  TaskSummary,
  TaskView,
} from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { taskNotFound } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { submittedLimits } from '../kernel/job-key.js';
import { countTasks, findTasks } from './find-tasks.js';

/** Without progress it says what was done before the program started: when the task is not running, that is over. */
const PROGRESS_MESSAGE = `CASE WHEN t.progress IS NOT NULL OR t.state = 'running' THEN t.progress_message END`;

const TASK_VIEW = `
  SELECT t.seq, json_build_object(
    'uuid', t.id, 'group', g.name, 'creator', u.username, 'name', t.name, 'state', t.state,
    'args', t.spec -> 'args', 'env', t.spec -> 'env', 'terminal', t.spec -> 'terminal', 'wasm', t.spec -> 'wasm',
    'pty', t.spec -> 'pty', 'log_limit_bytes', t.spec -> 'log_limit_bytes',
    'resources', coalesce(t.spec -> 'resources', '[]'), 'not_kept', coalesce(a.not_kept, '[]'),
    'tags', t.tags, 'labels', t.labels, 'priority', t.priority,
    'limits', ${submittedLimits('t')}, 'needs', coalesce(t.needs, '[]'),
    'attempt', t.attempt, 'worker', a.worker_id,
    'created_at', ${iso('t.created_at')}, 'started_at', ${iso('t.started_at')}, 'finished_at', ${iso('t.finished_at')},
    'exit_code', t.exit_code, 'signal', t.signal, 'reason', t.reason, 'message', t.message,
    'artifacts', coalesce((
      SELECT json_agg(json_build_object('kind', f.kind, 'size_bytes', f.size_bytes, 'sha256', f.sha256,
        'created_at', ${iso('f.created_at')}, 'skipped', f.skipped) ORDER BY f.kind)
      FROM artifacts f WHERE f.task_id = t.id), '[]'),
    'notify', t.notify, 'code', t.spec -> 'code', 'secrets', t.spec -> 'secrets', 'env_setup', t.spec -> 'env_setup',
    'cwd', t.spec -> 'cwd', 'params', t.spec -> 'params',
    'job', t.job_id, 'job_index', t.job_index,
    'upstream', t.upstream_id, 'retried_by', t.retried_by, 'waits_for', t.waits_for, 'start_at', ${iso('t.not_before')},
    'progress', round(t.progress::numeric, 4), 'progress_message', ${PROGRESS_MESSAGE},
    'cancel_requested_at', ${iso('t.cancel_requested_at')}, 'cancelled_by', c.username, 'cancel_reason', t.cancel_reason
  )::jsonb || jsonb_build_object(
    'timeout_ms', t.timeout_ms, 'retries', t.retries, 'retry_delay_ms', t.retry_delay_ms,
    'retry_exit_codes', t.retry_exit_codes, 'requeue_on', t.requeue_on, 'requeues_max', t.requeues_max,
    'failures', t.failures, 'losses', t.losses, 'requeues', t.requeues,
    'warn_before_ms', t.spec -> 'warn_before_ms', 'warn_signal', t.spec -> 'warn_signal',
    'checkpoint_every_ms', t.spec -> 'checkpoint_every_ms'
  ) AS view
  FROM tasks t
  JOIN groups g ON g.id = t.group_id
  JOIN users u ON u.id = t.creator_id
  LEFT JOIN users c ON c.id = t.cancelled_by
  LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt`;

/** The attempts of task `$1`, oldest first. */
const ATTEMPTS = `
  coalesce((
    SELECT json_agg(json_build_object('number', a.number, 'worker', a.worker_id, 'worker_name', w.name,
      'host', w.hostname, 'started_at', ${iso('a.started_at')},
      'ended_at', ${iso('a.ended_at')}, 'outcome', a.outcome, 'exit_code', a.exit_code, 'signal', a.signal,
      'message', a.message, 'wall_ms', a.wall_ms, 'user_cpu_ms', a.user_cpu_ms, 'system_cpu_ms', a.system_cpu_ms,
      'peak_rss_bytes', a.peak_rss_bytes, 'output_bytes', a.output_bytes,
      'is_output_truncated', a.is_output_truncated, 'assigned', a.assigned,
      'notes', a.notes) ORDER BY a.number)
    FROM attempts a LEFT JOIN workers w ON w.id = a.worker_id WHERE a.task_id = $1), '[]')`;

const TASK_DETAIL = `
  SELECT jsonb_build_object(
    'attempts', ${ATTEMPTS},
    'after', coalesce((
      SELECT json_agg(json_build_object('kind', d.on_kind, 'uuid', d.on_id, 'when', d.condition, 'state', d.state)
      ORDER BY d.on_id)
      FROM dependencies d WHERE d.task_id = $1), '[]'),
    'downstream', coalesce((
      SELECT json_agg(d.id ORDER BY d.id) FROM (SELECT id FROM tasks WHERE upstream_id = $1 ORDER BY id LIMIT 1000) d),
        '[]')
  ) AS detail`;

interface ViewRow {
  readonly seq: string;
  readonly view: TaskView;
}

/** What people may read about tasks: those of the groups in which they have a role. */
export class TaskReader {
  constructor(private readonly dataSource: DataSource) {}

  /** Throws `task_not_found`, the same for a task that does not exist and one of another group. */
  async get(actor: UserActor, uuid: string): Promise<TaskDetail> {
    await this.assertReadable(actor, [uuid]);
    const [row] = (await this.dataSource.query(`${TASK_VIEW} WHERE t.id = $1`, [uuid])) as ViewRow[];
    const [more] = (await this.dataSource.query(TASK_DETAIL, [uuid])) as { detail: Omit<TaskDetail, keyof TaskView> }[];
    if (!row || !more) throw taskNotFound(uuid);
    return { ...row.view, ...more.detail };
  }

  /** The attempts of a task, oldest first. Throws `task_not_found` as `get` does. */
  async attempts(actor: UserActor, uuid: string): Promise<TaskAttempts['attempts']> {
    await this.assertReadable(actor, [uuid]);
    const [row] = (await this.dataSource.query(`SELECT ${ATTEMPTS} AS attempts`, [uuid])) as TaskAttempts[];
    return row?.attempts ?? [];
  }

  /** Newest first. `next` of the page is what `after` of the next query wants. */
  async query(actor: UserActor, query: TaskQuery): Promise<TaskPage> {
    const { after, offset, limit, ...filters } = query;
    const found = await findTasks(this.dataSource, actor, filters, { after, offset, limit: limit + 1 });
    const page = found.slice(0, limit);
    const rows = (await this.dataSource.query(`${TASK_VIEW} WHERE t.id = ANY ($1) ORDER BY t.seq DESC`, [
      page.map(({ id }) => id),
    ])) as ViewRow[];
    const next = found.length > limit ? (page.at(-1)?.seq ?? null) : null;
    return { tasks: rows.map(({ view }) => view), next };
  }

  /** How many tasks the filters find. */
  count(actor: UserActor, filters: TaskFilters): Promise<number> {
    return countTasks(this.dataSource, actor, filters);
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
