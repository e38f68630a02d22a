import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { invalidField, isFinal, jobState, type TaskLimits, type TaskState } from '@mitosis/domain';
import type { AppliedJob, ApplyJob, SubmitTask } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import type { JobEvents } from '../events/job-events.js';
import { assertReceivers } from '../events/notice-marks.js';
import type { UnpackableInputs } from '../files/unpackable-inputs.js';
import { applyJobLimits, storeJobLimits, type JobLimitDeps } from '../jobs/change-job.js';
import { closeJob } from '../jobs/submit-jobs.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { inTransaction } from '../kernel/transaction.js';
import { acceptTasks, groupFor, type Accepted } from '../tasks/accept-tasks.js';

export interface ApplyJobDeps extends JobLimitDeps {
  readonly inputs: UnpackableInputs;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  readonly jobEvents: JobEvents;
  /** Called after the commit. */
  onAccepted(accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>): void;
}

interface Known {
  readonly identity: string;
  readonly run_hash: string;
  readonly task: string;
  readonly state: TaskState;
  readonly index: number;
}

type Outcome = AppliedJob['tasks'][number];
type Wanted = ApplyJob['tasks'][number];

/** What is to be stored, and what it takes the place of. */
interface Addition {
  readonly wanted: Wanted;
  readonly old?: Known;
}

interface Applied extends Accepted {
  readonly job: string;
  readonly group: string;
  readonly isNew: boolean;
  /** The limits of the job have changed. */
  readonly hasNewLimits: boolean;
  readonly outcomes: readonly Outcome[];
}

function assertDistinct(tasks: readonly Wanted[]): void {
  const seen = new Set<string>();
  tasks.forEach(({ identity }, place) => {
    if (seen.has(identity)) throw invalidField(`tasks.${place}.identity`, 'another task of the request has the same');
    seen.add(identity);
  });
}

/**
 * The job of this name, locked, so that of two who apply it at the same time the second one sees what the first did.
 */
async function lockJob(
  tx: EntityManager,
  { name, tasks, definition, notify, is_last: isLast }: ApplyJob,
  { groupId, creator }: { groupId: string; creator: string },
): Promise<{ id: string; isNew: boolean; isOpen: boolean }> {
  const added =
    tasks.length === 0
      ? []
      : ((await tx.query(
          `INSERT INTO jobs (id, group_id, creator_id, name, is_open, experiment) VALUES ($1, $2, $3, $4, $5, $4)
           ON CONFLICT (group_id, experiment) WHERE experiment IS NOT NULL DO NOTHING RETURNING id`,
          [uuidv7(), groupId, creator, name, !isLast],
        )) as { id: string }[]);
  const [job] = (await tx.query(
    'SELECT id, is_open FROM jobs WHERE group_id = $1 AND experiment = $2 FOR NO KEY UPDATE',
    [groupId, name],
  )) as { id: string; is_open: boolean }[];
  if (!job) throw invalidField('tasks', 'a job that is not there yet needs at least one');
  if (definition)
    await tx.query('UPDATE jobs SET definition = $2, definition_format = $3 WHERE id = $1', [
      job.id,
      definition.text,
      definition.format,
    ]);
  if (notify) await tx.query('UPDATE jobs SET notify = $2 WHERE id = $1', [job.id, notify]);
  return { id: job.id, isNew: added.length > 0, isOpen: job.is_open };
}

async function knownOf(tx: EntityManager, job: string, tasks: readonly Wanted[]): Promise<Map<string, Known>> {
  const rows = (await tx.query(
    `SELECT e.identity, e.run_hash, t.id AS task, t.state, t.job_index AS index
     FROM experiment_tasks e JOIN tasks t ON t.id = e.task_id
     WHERE e.job_id = $1 AND e.identity = ANY ($2) ORDER BY t.id FOR NO KEY UPDATE OF t`,
    [job, tasks.map(({ identity }) => identity)],
  )) as Known[];
  return new Map(rows.map((row) => [row.identity, row]));
}

/** What is to be done about each task. */
function judge(known: Known | undefined, wanted: Wanted, isRerun: boolean): Outcome['outcome'] {
  if (!known) return 'created';
  if (known.run_hash === wanted.run) return 'unchanged';
  if (!isRerun) return 'changed';
  return isFinal(known.state) ? 'rerun' : 'busy';
}

async function nextIndex(tx: EntityManager, job: string): Promise<number> {
  const [last] = (await tx.query('SELECT coalesce(max(job_index) + 1, 0) AS next FROM tasks WHERE job_id = $1', [
    job,
  ])) as { next: number }[];
  return last?.next ?? 0;
}

/** A task of a sweep finds its place in the job as its index, which never becomes that of another one. */
function withIndex(task: SubmitTask, index: number): SubmitTask {
  const isSwept = Object.keys(task.params ?? {}).length > 0;
  return isSwept && task.array_index === undefined ? { ...task, array_index: index } : task;
}

/** New tasks in the places of those that they replace. */
async function replaceOld(tx: EntityManager, pairs: readonly { old: string; new: string }[]): Promise<void> {
  if (pairs.length === 0) return;
  await tx.query(
    `WITH pairs AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS p(old uuid, new uuid)), placed AS (
       UPDATE tasks n SET job_index = o.job_index FROM pairs p JOIN tasks o ON o.id = p.old WHERE n.id = p.new
     )
     UPDATE tasks o SET retried_by = p.new FROM pairs p WHERE o.id = p.old`,
    [JSON.stringify(pairs)],
  );
}

/** Stores what a file describes: the tasks of a job that are not there yet. */
export class JobApplier {
  constructor(private readonly deps: ApplyJobDeps) {}

  async apply(actor: UserActor, request: ApplyJob): Promise<AppliedJob> {
    assertDistinct(request.tasks);
    const { job, group, isNew, hasNewLimits, outcomes, ...accepted } = await inTransaction(this.deps.dataSource, (tx) =>
      this.store(tx, actor, request),
    );
    // With the last part also when they have not: a request that was interrupted is finished by its repetition.
    if (!isNew && (hasNewLimits || request.is_last)) await applyJobLimits(this.deps, { job, groupId: group }, request);
    const changed = accepted.receipts.length > 0;
    if (isNew) this.deps.jobEvents.publish({ job, group, change: 'created', state: jobState(true, {}) });
    if (changed || accepted.settled.length > 0) this.deps.onAccepted(accepted);
    if (request.is_last) this.deps.jobEvents.mayHaveEnded([job]);
    return { uuid: job, tasks: [...outcomes] };
  }

  private async store(tx: EntityManager, actor: UserActor, request: ApplyJob): Promise<Applied> {
    const isWasm = request.tasks.length > 0 && request.tasks.every(({ task }) => task.wasm);
    const group = await groupFor(tx, actor, {
      name: request.group ?? actor.ownGroup ?? actor.username,
      kind: isWasm ? 'wasm' : 'command',
    });
    await assertReceivers(tx, actor.userId, [request.notify]);
    const job = await lockJob(tx, request, { groupId: group.id, creator: actor.userId });
    const hasNewLimits = await storeJobLimits(tx, job.id, request);
    const known = await knownOf(tx, job.id, request.tasks);
    const verdicts = request.tasks.map((wanted) => {
      const old = known.get(wanted.identity);
      return { wanted, old, outcome: judge(old, wanted, request.rerun_changed) };
    });
    const additions = verdicts.flatMap(({ wanted, old, outcome }): Addition[] =>
      outcome === 'created' ? [{ wanted }] : outcome === 'rerun' && old ? [{ wanted, old }] : [],
    );
    const accepted = await this.add(tx, actor, { job: job.id, group: group.name, additions });
    const moved = await this.setOpen(tx, job, request.is_last, additions.length > 0);
    if (job.isNew || additions.length > 0)
      await recordRequest(tx, `job ${job.id}`, { group: group.name, tasks: additions.length });
    const uuids = new Map(additions.map(({ wanted }, place) => [wanted.identity, accepted.receipts[place]?.uuid]));
    const outcomes = verdicts.map(({ wanted: { identity }, old, outcome }) => ({
      identity,
      outcome,
      uuid: uuids.get(identity) ?? (old?.task as string),
    }));
    const settled = [...accepted.settled, ...moved];
    return { ...accepted, settled, job: job.id, group: group.id, isNew: job.isNew, hasNewLimits, outcomes };
  }

  private async add(
    tx: EntityManager,
    actor: UserActor,
    { job, group, additions }: { job: string; group: string; additions: readonly Addition[] },
  ): Promise<Accepted> {
    if (additions.length === 0) return { receipts: [], settled: [], newQueueGroups: [] };
    const firstIndex = await nextIndex(tx, job);
    const indexOf = ({ old }: Addition, place: number): number => old?.index ?? firstIndex + place;
    const tasks = additions.map((addition, place) => ({
      ...withIndex(addition.wanted.task, indexOf(addition, place)),
      group,
    }));
    await this.deps.inputs.check(tx, actor, tasks);
    const accepted = await acceptTasks(tx, actor, tasks, {
      job: { id: job, firstIndex },
      limits: this.deps.limits,
      upstream: actor.task,
    });
    const stored = additions.map(({ wanted, old }, place) => ({
      job_id: job,
      identity: wanted.identity,
      run_hash: wanted.run,
      task_id: accepted.receipts[place]?.uuid as string,
      old,
    }));
    await replaceOld(
      tx,
      stored.flatMap(({ task_id, old }) => (old ? [{ old: old.task, new: task_id }] : [])),
    );
    await tx.query(
      `INSERT INTO experiment_tasks (job_id, identity, run_hash, task_id)
       SELECT job_id, identity, run_hash, task_id
       FROM jsonb_to_recordset($1::jsonb) AS e(job_id uuid, identity text, run_hash text, task_id uuid)
       ON CONFLICT (job_id, identity) DO UPDATE SET run_hash = EXCLUDED.run_hash, task_id = EXCLUDED.task_id`,
      [JSON.stringify(stored)],
    );
    return accepted;
  }

  /** The job is open while more of its tasks are on their way. */
  private async setOpen(
    tx: EntityManager,
    job: { readonly id: string; readonly isOpen: boolean },
    isLast: boolean,
    hasMore: boolean,
  ): Promise<SettledTask[]> {
    if (isLast) return job.isOpen ? closeJob(tx, job.id) : [];
    if (hasMore && !job.isOpen) await tx.query('UPDATE jobs SET is_open = true WHERE id = $1', [job.id]);
    return [];
  }
}
