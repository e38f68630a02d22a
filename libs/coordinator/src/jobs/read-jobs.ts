import type { DataSource } from 'typeorm';
import { isAllowed, isFinal, jobState, MitoError, TASK_STATES, type TaskState } from '@mitosis/domain';
import type { JobPage, JobQuery, JobView, StoredNotify } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskEvents } from '../events/task-events.js';
import { readableGroups } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { untilChanged } from '../kernel/until-changed.js';

/** A job with the group that decides who may see it. */
export interface JobRow {
  readonly id: string;
  readonly seq: string;
  readonly group_id: string;
  readonly group: string;
  readonly creator_id: string;
  readonly creator: string;
  readonly name: string;
  readonly is_open: boolean;
  readonly is_suspended: boolean;
  readonly created_at: string;
  readonly expected_tasks: number | null;
  readonly idempotency_key: string | null;
  readonly at_once: number | null;
  readonly max_fails: number | null;
  readonly notify: StoredNotify | null;
}

interface CountRow {
  readonly job: string;
  readonly state: TaskState;
  readonly count: number;
  readonly progress: number;
}

const JOB = `
  SELECT j.id, j.seq, j.group_id, g.name AS group, j.creator_id, u.username AS creator, j.name, j.is_open,
    j.suspended_at IS NOT NULL AS is_suspended, ${iso('j.created_at')} AS created_at,
    j.at_once, j.max_fails, j.notify, j.expected_tasks, CASE WHEN j.is_open THEN j.idempotency_key END
    AS idempotency_key
  FROM jobs j JOIN groups g ON g.id = j.group_id JOIN users u ON u.id = j.creator_id`;

/** Between two looks at a job that changes all the time; and when no event comes (one may be lost). */
const LOOK_AGAIN_MS = 100;
const RECHECK_MS = 5_000;

function toView(row: JobRow, counts: readonly CountRow[]): JobView {
  const { id: uuid, group, creator, name, is_open, is_suspended, created_at, expected_tasks, idempotency_key } = row;
  const { at_once, max_fails, notify } = row;
  const byState = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as Record<TaskState, number>;
  for (const { state, count } of counts) byState[state] = count;
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const done = counts.reduce((sum, { state, count, progress }) => sum + (isFinal(state) ? count : progress), 0);
  const progress = total === 0 ? 0 : Math.round((done / total) * 10_000) / 10_000;
  return {
    uuid,
    group,
    creator,
    name,
    state: jobState(is_open, byState),
    is_open,
    is_suspended,
    created_at,
    counts: byState,
    total,
    expected_tasks,
    idempotency_key,
    at_once,
    max_fails,
    notify,
    progress,
  };
}

/** What people may read about jobs: those of the groups in which they have a role. */
export class JobReader {
  constructor(private readonly deps: { readonly dataSource: DataSource; readonly events: TaskEvents }) {}

  /** Throws `job_not_found`, or `role_required` when the caller may see it and not do `action`. */
  async row(
    actor: UserActor,
    uuid: string,
    action: 'task.read' | 'task.manage' | 'task.cancel' | 'task.submit' = 'task.read',
  ): Promise<JobRow> {
    const [row] = (await this.deps.dataSource.query(`${JOB} WHERE j.id = $1`, [uuid])) as JobRow[];
    if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) {
      throw new MitoError('not-found', 'job_not_found', `there is no job ${uuid} that you may see`);
    }
    if (!isAllowed(actor, { action, groupId: row.group_id, creatorId: row.creator_id })) {
      throw new MitoError('forbidden', 'role_required', 'this needs the role write in the group of the job');
    }
    return row;
  }

  async get(actor: UserActor, uuid: string): Promise<JobView> {
    const [view] = await this.views([await this.row(actor, uuid)]);
    return view as JobView;
  }

  /** Returns when the job is over, after `waitMs`, or when `signal` fires; `actor` is asked for right before. */
  async wait(actor: () => Promise<UserActor>, uuid: string, waitMs: number, signal: AbortSignal): Promise<JobView> {
    return untilChanged({
      watch: (changed) => ({ stop: this.deps.events.onJob(uuid, changed) }),
      read: async () => this.get(await actor(), uuid),
      isDone: ({ state }) => isFinal(state),
      timeoutMs: waitMs,
      recheckMs: RECHECK_MS,
      restMs: LOOK_AGAIN_MS,
      signal,
    });
  }

  /** Newest first. `next` of the page is what `after` of the next query wants. */
  async query(actor: UserActor, { group, creator, name, limit, after }: JobQuery): Promise<JobPage> {
    const visible = readableGroups(actor);
    const rows = (await this.deps.dataSource.query(
      `${JOB} WHERE ($1::uuid[] IS NULL OR j.group_id = ANY ($1)) AND ($2::text IS NULL OR g.name = $2)
         AND ($3::text IS NULL OR u.username = $3) AND ($4::text IS NULL OR j.name = $4)
         AND ($5::bigint IS NULL OR j.seq < $5)
       ORDER BY j.seq DESC LIMIT $6`,
      [visible, group ?? null, creator ?? null, name ?? null, after ?? null, limit + 1],
    )) as JobRow[];
    const page = rows.slice(0, limit);
    return { jobs: await this.views(page), next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
  }

  private async views(rows: readonly JobRow[]): Promise<JobView[]> {
    const counts = (await this.deps.dataSource.query(
      `SELECT job_id AS job, state, count(*)::int AS count,
         coalesce(sum(progress) FILTER (WHERE state = 'running'), 0)::float8 AS progress
       FROM tasks WHERE job_id = ANY ($1) AND retried_by IS NULL GROUP BY job_id, state`,
      [rows.map(({ id }) => id)],
    )) as CountRow[];
    return rows.map((row) =>
      toView(
        row,
        counts.filter(({ job }) => job === row.id),
      ),
    );
  }
}
