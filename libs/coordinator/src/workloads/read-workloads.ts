import type { DataSource } from 'typeorm';
import { isAllowed, isWorkloadOver, MitoError } from '@mitosis/domain';
import type { WorkloadPage, WorkloadQuery, WorkloadSummary, WorkloadTask, WorkloadView } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { WorkloadEvents } from '../events/workload-events.js';
import { readableGroups } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { untilChanged } from '../kernel/until-changed.js';

const SUMMARY = `'uuid', w.id, 'group', g.name, 'creator', u.username, 'name', w.name, 'sha256', w.sha256,
  'is_verified', w.is_verified, 'state', w.state, 'subtasks', w.subtasks,
  'subtasks_done', coalesce(w.subtasks - w.subtasks_left, 0), 'message', w.message, 'result_task', w.result_task_id,
  'created_at', ${iso('w.created_at')}, 'finished_at', ${iso('w.finished_at')}`;

const FROM = 'FROM workloads w JOIN groups g ON g.id = w.group_id JOIN users u ON u.id = w.creator_id';

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 5_000;

/** A workload lists at most this many of its tasks: split, reduce and every subtask twice. */
const TASKS_MAX = 20_002;

export interface WaitOptions {
  readonly seenDone: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

interface ViewRow {
  readonly group_id: string;
  readonly creator_id: string;
  readonly view: WorkloadView;
}

/** What people may read about workloads: those of the groups in which they have a role. */
export class WorkloadReader {
  constructor(private readonly deps: { readonly dataSource: DataSource; readonly events: WorkloadEvents }) {}

  /** Throws `workload_not_found`, the same for one that does not exist and one of another group. */
  async get(actor: UserActor, uuid: string): Promise<WorkloadView> {
    return (await this.row(actor, uuid)).view;
  }

  /** Throws `workload_not_found`, or `role_required` when the caller may see it and not do `action`. */
  async check(actor: UserActor, uuid: string, action: 'task.cancel'): Promise<void> {
    const { group_id: groupId, creator_id: creatorId } = await this.row(actor, uuid);
    if (isAllowed(actor, { action, groupId, creatorId })) return;
    throw new MitoError(
      'forbidden',
      'role_required',
      'cancelling a workload of somebody else needs the role write in its group, one of your own write-wasm',
    );
  }

  /** Newest first. `next` of the page is what `after` of the next query wants. */
  async query(actor: UserActor, { group, creator, name, state, limit, after }: WorkloadQuery): Promise<WorkloadPage> {
    const visible = readableGroups(actor);
    const rows = (await this.deps.dataSource.query(
      `SELECT json_build_object(${SUMMARY}) AS view ${FROM}
       WHERE ($1::uuid[] IS NULL OR w.group_id = ANY ($1)) AND ($2::text IS NULL OR g.name = $2)
       AND ($3::text IS NULL OR u.username = $3)
         AND ($4::text IS NULL OR w.name = $4) AND ($5::text[] IS NULL OR w.state = ANY ($5))
         AND ($6::uuid IS NULL OR w.id < $6)
       ORDER BY w.id DESC LIMIT $7`,
      [visible, group ?? null, creator ?? null, name ?? null, state ?? null, after ?? null, limit + 1],
    )) as { view: WorkloadSummary }[];
    const page = rows.slice(0, limit).map(({ view }) => view);
    return { workloads: page, next: rows.length > limit ? (page.at(-1)?.uuid ?? null) : null };
  }

  /**
   * Returns when it is over, when more subtasks are done than `seenDone`, after
   * `timeoutMs`, or when `signal` fires; `actor` is asked for right before.
   */
  async wait(
    actor: () => Promise<UserActor>,
    uuid: string,
    { seenDone, timeoutMs, signal }: WaitOptions,
  ): Promise<WorkloadView> {
    return untilChanged({
      watch: (changed) => ({ stop: this.deps.events.on(uuid, changed) }),
      read: async () => this.get(await actor(), uuid),
      isDone: ({ state, subtasks_done: done }) => isWorkloadOver(state) || done > seenDone,
      timeoutMs,
      recheckMs: RECHECK_MS,
      signal,
    });
  }

  /** Its tasks, the split first. */
  async tasks(actor: UserActor, uuid: string): Promise<WorkloadTask[]> {
    await this.get(actor, uuid);
    return this.deps.dataSource.query(
      `SELECT t.id AS uuid, t.workload_step AS step, t.workload_index AS index, t.state, t.attempt,
         a.worker_id AS worker, k.hostname, a.stdout_sha256, t.message
       FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
       LEFT JOIN workers k ON k.id = a.worker_id
       WHERE t.workload_id = $1 ORDER BY t.seq LIMIT ${TASKS_MAX}`,
      [uuid],
    );
  }

  private async row(actor: UserActor, uuid: string): Promise<ViewRow> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT w.group_id, w.creator_id, json_build_object(${SUMMARY}, 'params', w.params) AS view ${FROM} WHERE
        w.id = $1`,
      [uuid],
    )) as ViewRow[];
    if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) {
      throw new MitoError('not-found', 'workload_not_found', `there is no workload ${uuid} that you may see`);
    }
    return row;
  }
}
