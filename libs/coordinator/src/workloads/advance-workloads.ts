import type { EntityManager } from 'typeorm';
import {
  cutText,
  isWorkloadOver,
  MitoError,
  moveWorkload,
  type TaskState,
  type WorkloadState,
  type WorkloadStep,
} from '@mitosis/domain';
import { assertRoomInQueue } from '../groups/queue-quota.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { insertTasks } from '../tasks/accept-tasks.js';
import { cancelOpen } from './cancel-open.js';
import { compareSubtask } from './compare-subtask.js';
import { readySteps, workloadTask, type WorkloadFrame } from './workload-tasks.js';

/** A task of a workload whose attempt has just ended; its row is locked. */
export interface EndedStep {
  readonly task: string;
  readonly workload: string;
  readonly step: WorkloadStep;
  readonly index: number | null;
  readonly worker: string;
  readonly state: TaskState;
  readonly message: string | null;
  /** What `split` has printed. */
  readonly subtasks?: readonly string[] | undefined;
}

interface WorkloadRow extends WorkloadFrame {
  readonly is_verified: boolean;
  readonly state: WorkloadState;
  readonly subtasks_left: number | null;
  readonly queued_tasks_max: number | null;
}

/** Locks the workloads in the order of their ids: no two transactions block each other. */
async function lockWorkloads(tx: EntityManager, ids: readonly string[]): Promise<WorkloadRow[]> {
  return tx.query(
    `SELECT w.id, w.group_id, g.name AS group, w.creator_id, w.name, w.sha256, w.plan, w.is_verified, w.state,
       w.subtasks_left, g.queued_tasks_max
     FROM workloads w JOIN groups g ON g.id = w.group_id WHERE w.id = ANY ($1) ORDER BY w.id FOR UPDATE OF w`,
    [ids],
  );
}

/**
 * Moves workloads on whose steps have ended, in the transaction that commits those ends: the lines of
 * `split` become the maps, the last map brings `reduce`, its end is that of the workload. A step that
 * fails for good fails the workload, and what has not begun of it is cancelled. Returns the tasks that
 * this has made or ended, to be announced after the commit.
 */
export async function advanceWorkloads(tx: EntityManager, ended: readonly EndedStep[]): Promise<SettledTask[]> {
  if (ended.length === 0) return [];
  const moved: SettledTask[] = [];
  for (const row of await lockWorkloads(tx, [...new Set(ended.map(({ workload }) => workload))])) {
    const advance = new Advance(tx, row);
    for (const step of ended) if (step.workload === row.id) await advance.take(step);
    moved.push(...(await advance.store()));
  }
  return moved;
}

/** One workload in one transaction. */
class Advance {
  private state: WorkloadState;
  private left: number | null;
  private message: string | null = null;
  private resultTask: string | undefined;
  private subtasks: number | undefined;
  private readonly rows: ReturnType<typeof workloadTask>[] = [];
  private hasMoved = false;

  constructor(
    private readonly tx: EntityManager,
    private readonly workload: WorkloadRow,
  ) {
    this.state = workload.state;
    this.left = workload.subtasks_left;
  }

  async take(ended: EndedStep): Promise<void> {
    const { workload, state } = this;
    const move = moveWorkload({ state, isVerified: workload.is_verified }, ended.step, ended.state);
    if (move === 'none') return;
    this.hasMoved = true;
    const where = ended.index === null ? ended.step : `${ended.step} ${ended.index}`;
    if (move === 'begin-maps') await this.beginMaps(ended.subtasks ?? []);
    else if (move === 'begin-check') await this.beginCheck(ended);
    else if (move === 'count-subtask') await this.countSubtask(ended);
    else if (move === 'complete') this.state = 'completed';
    else this.end(move === 'fail' ? 'failed' : 'cancelled', `${where}: ${ended.message ?? ended.state}`);
  }

  /** Writes what has become of it; returns its new tasks and those that end with it. */
  async store(): Promise<SettledTask[]> {
    if (!this.hasMoved) return [];
    const { tx, workload, state } = this;
    const isOver = isWorkloadOver(state);
    const rows = isOver ? [] : this.rows;
    await insertTasks(tx, rows);
    await tx.query(
      `UPDATE workloads SET state = $2, subtasks = coalesce($3, subtasks), subtasks_left = $4, message = $5,
         result_task_id = coalesce($6, result_task_id), finished_at = CASE WHEN $7::boolean THEN clock_timestamp() END
       WHERE id = $1`,
      [workload.id, state, this.subtasks ?? null, this.left, this.message, this.resultTask ?? null, isOver],
    );
    if (!isOver || state === 'completed') return readySteps(rows);
    return (await cancelOpen(tx, workload.id, { message: `the workload has ${state}`, by: null, locked: 'pass' }))
      .settled;
  }

  private async beginMaps(lines: readonly string[]): Promise<void> {
    const { max_subtasks: most } = this.workload.plan;
    if (lines.length === 0) return this.end('failed', 'split has printed no subtask');
    if (lines.length > most)
      return this.end('failed', `split has printed ${lines.length} subtasks, ${most} are allowed`);
    const refusal = await this.refusal(lines.length);
    if (refusal !== undefined) return this.end('failed', refusal);
    this.state = 'mapping';
    this.subtasks = lines.length;
    this.left = lines.length;
    this.rows.push(...lines.map((stdin, index) => workloadTask(this.workload, { step: 'map', index, stdin })));
  }

  /** Why the group may not have this many more tasks; undefined when it may. */
  private async refusal(count: number): Promise<string | undefined> {
    const { group_id: id, group: name, queued_tasks_max } = this.workload;
    try {
      await assertRoomInQueue(this.tx, { id, name, queued_tasks_max }, count);
      return undefined;
    } catch (error) {
      if (error instanceof MitoError) return `${count} subtasks: ${error.message}`;
      throw error;
    }
  }

  private async beginCheck({ task, index, worker }: EndedStep): Promise<void> {
    const [map] = (await this.tx.query(`SELECT spec ->> 'stdin_base64' AS stdin FROM tasks WHERE id = $1`, [task])) as {
      stdin: string;
    }[];
    this.rows.push(
      workloadTask(this.workload, {
        step: 'check',
        index: index ?? 0,
        stdin: Buffer.from(map?.stdin ?? '', 'base64').toString(),
        avoidWorkerId: worker,
      }),
    );
  }

  private async countSubtask({ step, index }: EndedStep): Promise<void> {
    const mismatch = step === 'check' ? await compareSubtask(this.tx, this.workload.id, index ?? 0) : undefined;
    if (mismatch !== undefined) return this.end('failed', mismatch);
    this.left = (this.left ?? 0) - 1;
    if (this.left > 0) return;
    const reduce = workloadTask(this.workload, { step: 'reduce' });
    this.state = 'reducing';
    this.resultTask = reduce.id;
    this.rows.push(reduce);
  }

  private end(state: 'failed' | 'cancelled', message: string): void {
    this.state = state;
    this.message = cutText(message, 4096);
  }
}
