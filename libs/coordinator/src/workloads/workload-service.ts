import { MitoError, isAllowed, isWorkloadOver } from '@mitosis/domain';
import { type SubmitWorkload, type WorkloadTask, WorkloadPlan, type WorkloadView } from '@mitosis/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskEvents } from '../events/task-events.js';
import { assertPrograms } from '../programs/assert-programs.js';
import { ensureQueues, groupFor, insertTasks } from '../tasks/accept-tasks.js';
import { workersServing } from '../workers/worker-queues.js';
import { type ResolvedPlan, type WorkloadFrame, workloadTask } from './workload-tasks.js';
import { recordRequest } from '../audit/audit-log.js';

/** What the tasks of a workload get that says nothing else. */
export interface WorkloadDefaults {
  readonly sandboxMemoryBytes: number;
  readonly taskTimeoutMs: number;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
}

export interface WorkloadServiceDeps {
  readonly dataSource: DataSource;
  readonly events: TaskEvents;
  readonly defaults: WorkloadDefaults;
  /** Called after the commit with the queues that got work. */
  onReady(queues: ReadonlySet<string>): void;
  /** Called after the commit with the groups that got a queue they never had. */
  onNewQueues(groupIds: readonly string[]): void;
}

const iso = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const WORKLOAD_VIEW = `
  SELECT w.group_id, json_build_object(
    'uuid', w.id, 'group', g.name, 'creator', u.username, 'name', w.name, 'sha256', w.sha256, 'params', w.params,
    'is_verified', w.is_verified, 'state', w.state, 'subtasks', w.subtasks,
    'subtasks_done', coalesce(w.subtasks - w.subtasks_left, 0), 'message', w.message, 'result_task', w.result_task_id,
    'created_at', ${iso('w.created_at')}, 'finished_at', ${iso('w.finished_at')}) AS view
  FROM workloads w JOIN groups g ON g.id = w.group_id JOIN users u ON u.id = w.creator_id WHERE w.id = $1`;

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 5_000;

/** A workload lists at most this many of its tasks: split, reduce and every subtask twice. */
const TASKS_MAX = 20_002;

/** Workloads: a program that splits a computation, computes its parts and puts them together. */
export class WorkloadService {
  constructor(private readonly deps: WorkloadServiceDeps) {}

  /** Stores the workload with its first task. Throws `group_not_found`, `program_not_found`, `needs_two_workers`. */
  async submit(actor: UserActor, asked: SubmitWorkload): Promise<WorkloadView> {
    const { dataSource, onReady, onNewQueues } = this.deps;
    const { id, queue, newQueueGroups } = await dataSource.transaction((tx) => this.insert(tx, actor, asked));
    if (newQueueGroups.length > 0) onNewQueues(newQueueGroups);
    onReady(new Set([queue]));
    return this.get(actor, id);
  }

  /** Throws `workload_not_found`, the same for one that does not exist and one of another group. */
  async get(actor: UserActor, uuid: string): Promise<WorkloadView> {
    const [row] = (await this.deps.dataSource.query(WORKLOAD_VIEW, [uuid])) as { group_id: string; view: WorkloadView }[];
    if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) {
      throw new MitoError('not-found', 'workload_not_found', `there is no workload ${uuid} that you may see`);
    }
    return row.view;
  }

  /** Answers when it is over, when more subtasks are done than `seenDone`, or after `timeoutMs`. */
  async wait(
    actor: UserActor,
    uuid: string,
    { seenDone, timeoutMs, signal }: { seenDone: number; timeoutMs: number; signal: AbortSignal },
  ): Promise<WorkloadView> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      let wake = (): void => {};
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const stop = this.deps.events.on(uuid, wake);
      const ended = new AbortController();
      try {
        const view = await this.get(actor, uuid);
        const remainingMs = deadline - performance.now();
        if (isWorkloadOver(view.state) || view.subtasks_done > seenDone || remainingMs <= 0 || signal.aborted) return view;
        const late = delay(Math.min(remainingMs, RECHECK_MS), undefined, { signal: AbortSignal.any([signal, ended.signal]), ref: false });
        await Promise.race([changed, late.catch(onlyAborted)]);
      } finally {
        stop();
        ended.abort();
      }
    }
  }

  /** Its tasks, the split first. */
  async tasks(actor: UserActor, uuid: string): Promise<WorkloadTask[]> {
    await this.get(actor, uuid);
    return this.deps.dataSource.query(
      `SELECT t.id AS uuid, t.workload_step AS step, t.workload_index AS index, t.state, t.attempt, a.worker_id AS worker,
         k.hostname, a.stdout_sha256, t.message
       FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt LEFT JOIN workers k ON k.id = a.worker_id
       WHERE t.workload_id = $1 ORDER BY t.seq LIMIT ${TASKS_MAX}`,
      [uuid],
    );
  }

  private async insert(tx: EntityManager, actor: UserActor, asked: SubmitWorkload) {
    const { group: groupName = actor.username, name, sha256, params, is_verified: isVerified, ...rest } = asked;
    const group = await groupFor(tx, actor, { name: groupName, kind: 'wasm' });
    await assertPrograms(tx, [{ groupId: group.id, sha256 }]);
    if (isVerified) await this.assertTwoWorkers(group.id);
    const plan = this.resolve(WorkloadPlan.parse(rest));
    const frame: WorkloadFrame = { id: uuidv7(), group_id: group.id, group: group.name, creator_id: actor.userId, name, sha256, plan };
    await tx.query(
      `INSERT INTO workloads (id, group_id, creator_id, name, sha256, params, plan, is_verified) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [frame.id, group.id, actor.userId, name, sha256, JSON.stringify(params), JSON.stringify(plan), isVerified],
    );
    const split = workloadTask(frame, { step: 'split', args: [JSON.stringify({ ...params, max_subtasks: plan.max_subtasks })] });
    const newQueueGroups = await ensureQueues(tx, [split]);
    await recordRequest(tx, `workload ${frame.id}`, { group: group.name, name, sha256 });
    await insertTasks(tx, [split]);
    return { id: frame.id, queue: split.queue, newQueueGroups };
  }

  private resolve(plan: WorkloadPlan): ResolvedPlan {
    const { sandboxMemoryBytes, taskTimeoutMs, maxRetries, retryDelayMs } = this.deps.defaults;
    const { timeout_ms = taskTimeoutMs, retries = maxRetries, retry_delay_ms = retryDelayMs, memory_limit_bytes = sandboxMemoryBytes } = plan;
    return { ...plan, timeout_ms, retries, retry_delay_ms, memory_limit_bytes };
  }

  private async assertTwoWorkers(groupId: string): Promise<void> {
    const workers = await workersServing(this.deps.dataSource, [groupId]);
    if (workers.length >= 2) return;
    throw new MitoError('conflict', 'needs_two_workers', 'comparing the results of two workers needs two that serve the group');
  }
}

function onlyAborted(error: Error): void {
  if (error.name !== 'AbortError') throw error;
}
