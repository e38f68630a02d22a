import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { invalidField, jobState, MitoError, nameOfCommand, type TaskLimits, type TaskState } from '@mitosis/domain';
import type { AddTasks, CreateJob, JobReceipt, SubmitTask, TaskReceipt } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { endedJobs } from '../events/ended-jobs.js';
import type { JobEvents } from '../events/job-events.js';
import { assertReceivers, noteClosedJob } from '../events/notice-marks.js';
import type { UnpackableInputs } from '../files/unpackable-inputs.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { inTransaction } from '../kernel/transaction.js';
import { acceptTasks, groupFor, type Accepted } from '../tasks/accept-tasks.js';
import { once } from '../tasks/idempotency.js';
import { settleDependents } from '../tasks/settle-dependents.js';
import type { JobReader } from './read-jobs.js';

export interface JobSubmitterDeps {
  readonly dataSource: DataSource;
  readonly inputs: UnpackableInputs;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  readonly reader: JobReader;
  readonly jobEvents: JobEvents;
  /** Called after the commit. */
  onAccepted(accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>): void;
}

type Stored = Accepted & { readonly job: string; readonly group: string };

/** A task of a job is one of its group; it may say so. */
function inGroup(tasks: readonly SubmitTask[], group: string): SubmitTask[] {
  return tasks.map((task, place) => {
    if (task.group === undefined || task.group === group) return { ...task, group };
    throw invalidField(`tasks.${place}.group`, `the job is one of the group "${group}"`);
  });
}

function countStates(receipts: readonly TaskReceipt[]): Partial<Record<TaskState, number>> {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of receipts) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Submissions whose tasks belong together. */
export class JobSubmitter {
  constructor(private readonly deps: JobSubmitterDeps) {}

  /** Stores a job with its first tasks, all or none. */
  async create(actor: UserActor, job: CreateJob, key: string | undefined): Promise<JobReceipt> {
    const receiptOf = ({ job: uuid, receipts }: Stored): JobReceipt => ({ uuid, tasks: receipts });
    const outcome = await inTransaction(this.deps.dataSource, (tx) =>
      once(
        tx,
        { userId: actor.userId, key, operation: 'a job', request: job },
        () => this.store(tx, actor, job, key),
        receiptOf,
      ),
    );
    if ('earlier' in outcome) return outcome.earlier as JobReceipt;
    const { job: uuid, group, receipts } = outcome.result;
    this.deps.jobEvents.publish({
      job: uuid,
      group,
      change: 'created',
      state: jobState(job.is_open, countStates(receipts)),
    });
    this.deps.onAccepted(outcome.result);
    return receiptOf(outcome.result);
  }

  /** Adds tasks to a job that is open. Throws `job_closed`. */
  async add(
    actor: UserActor,
    uuid: string,
    { tasks, is_last: isLast }: AddTasks,
    key: string | undefined,
  ): Promise<TaskReceipt[]> {
    const { group } = await this.deps.reader.row(actor, uuid, 'task.submit');
    const outcome = await inTransaction(this.deps.dataSource, (tx) =>
      once(
        tx,
        { userId: actor.userId, key, operation: 'more tasks of a job', request: { uuid, tasks, isLast } },
        async () => {
          await this.deps.inputs.check(tx, actor, inGroup(tasks, group));
          const firstIndex = await this.lockOpen(tx, uuid);
          const accepted = await acceptTasks(tx, actor, inGroup(tasks, group), {
            job: { id: uuid, firstIndex },
            limits: this.deps.limits,
            upstream: actor.task,
          });
          const moved = isLast ? await closeJob(tx, uuid) : [];
          await recordRequest(tx, `job ${uuid}`, { tasks: tasks.length });
          return { ...accepted, settled: [...accepted.settled, ...moved] };
        },
        ({ receipts }) => receipts,
      ),
    );
    if ('earlier' in outcome) return outcome.earlier as TaskReceipt[];
    this.deps.onAccepted(outcome.result);
    if (isLast) this.deps.jobEvents.mayHaveEnded([uuid]);
    return outcome.result.receipts;
  }

  /** No more tasks are to come; closing twice does nothing. */
  async close(actor: UserActor, uuid: string, action: 'task.manage' | 'task.cancel' = 'task.manage'): Promise<void> {
    await this.deps.reader.row(actor, uuid, action);
    const settled = await inTransaction(this.deps.dataSource, async (tx) => {
      await recordRequest(tx, `job ${uuid}`);
      return closeJob(tx, uuid);
    });
    this.deps.onAccepted({ settled, newQueueGroups: [] });
    this.deps.jobEvents.mayHaveEnded([uuid]);
  }

  private async store(
    tx: EntityManager,
    actor: UserActor,
    { group, name, tasks, is_open: isOpen, expected_tasks: expected, at_once, max_fails, notify }: CreateJob,
    key: string | undefined,
  ): Promise<Stored> {
    const { id: groupId, name: groupName } = await groupFor(tx, actor, {
      name: group ?? actor.ownGroup ?? actor.username,
      kind: tasks.length > 0 && tasks.every(({ wasm }) => wasm) ? 'wasm' : 'command',
    });
    await this.deps.inputs.check(tx, actor, inGroup(tasks, groupName));
    await assertReceivers(tx, actor.userId, [notify]);
    const job = uuidv7();
    const title = name ?? tasks[0]?.name ?? (tasks[0] && nameOfCommand(tasks[0].args));
    await tx.query(
      `INSERT INTO jobs (id, group_id, creator_id, name, is_open, expected_tasks, idempotency_key, at_once, max_fails,
         notify)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [job, groupId, actor.userId, title, isOpen, expected, key, at_once, max_fails, notify].map(
        (value) => value ?? null,
      ),
    );
    await recordRequest(tx, `job ${job}`, { group: groupName, tasks: tasks.length });
    return {
      job,
      group: groupId,
      ...(await acceptTasks(tx, actor, inGroup(tasks, groupName), {
        job: { id: job, firstIndex: 0 },
        limits: this.deps.limits,
        upstream: actor.task,
      })),
    };
  }

  /** Locks the job, so that two additions do not get the same places, and returns the next place. */
  private async lockOpen(tx: EntityManager, uuid: string): Promise<number> {
    const [job] = (await tx.query('SELECT is_open FROM jobs WHERE id = $1 FOR NO KEY UPDATE', [uuid])) as {
      is_open: boolean;
    }[];
    if (!job?.is_open)
      throw new MitoError('conflict', 'job_closed', 'the job takes no more tasks: it was closed or cancelled');
    const [last] = (await tx.query('SELECT coalesce(max(job_index) + 1, 0) AS next FROM tasks WHERE job_id = $1', [
      uuid,
    ])) as { next: number }[];
    return last?.next ?? 0;
  }
}

/** Closes a job in `tx`; what waited for it moves on when its tasks are over already. */
export async function closeJob(tx: EntityManager, uuid: string): Promise<SettledTask[]> {
  await tx.query('UPDATE jobs SET is_open = false WHERE id = $1', [uuid]);
  await noteClosedJob(tx, uuid);
  return settleDependents(tx, await endedJobs(tx, [uuid]));
}
