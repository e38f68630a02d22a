import type { DataSource } from 'typeorm';
import { isAllowed, MitoError } from '@mitosis/domain';
import {
  LIMITS,
  SubmitTask,
  type JobReceipt,
  type Rerun,
  type StoredNotify,
  type TaskReceipt,
} from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { taskNotFound } from '../groups/find-group.js';
import { submittedLimits } from '../kernel/job-key.js';
import type { SubmitTasks } from '../tasks/submit-tasks.js';
import type { JobReader } from './read-jobs.js';
import type { JobSubmitter } from './submit-jobs.js';

export interface RerunDeps {
  readonly dataSource: DataSource;
  readonly submitTasks: SubmitTasks;
  readonly jobs: Pick<JobSubmitter, 'create' | 'add'>;
  readonly jobReader: Pick<JobReader, 'row'>;
}

interface StoredTask {
  readonly id: string;
  readonly groupId: string;
  readonly creatorId: string;
  readonly notify: StoredNotify | null;
  /** The fields of its submission. */
  readonly submission: Readonly<Record<string, unknown>>;
}

interface Edge {
  readonly task: string;
  readonly on: string;
  readonly kind: 'task' | 'job';
  readonly when: string;
}

/** What was submitted, from what was stored; what it waited for is not part of it. */
const STORED = `
  SELECT t.id, t.group_id AS "groupId", t.creator_id AS "creatorId", t.notify,
    jsonb_strip_nulls(t.spec - 'env') || jsonb_build_object('env', t.spec -> 'env', 'group', g.name, 'name', t.name,
      'tags', t.tags, 'labels', t.labels, 'priority', t.priority, 'timeout_ms', t.timeout_ms,
      'retries', t.retries, 'retry_delay_ms', t.retry_delay_ms, 'retry_exit_codes', t.retry_exit_codes,
      'requeue_on', t.requeue_on, 'requeues_max', t.requeues_max,
      'limits', ${submittedLimits('t')}, 'needs', coalesce(t.needs, '[]')) AS submission
  FROM tasks t JOIN groups g ON g.id = t.group_id`;

function changed({ submission }: StoredTask, changes: Rerun['changes'], more: object = {}): SubmitTask {
  const { name, ...unnamed } = submission;
  // A task with another command is not called by the old one.
  const keepsName = !('args' in changes) || 'name' in changes;
  const env = { ...(submission.env as object), ...(changes.env as object | undefined) };
  return SubmitTask.parse({ ...unnamed, ...(keepsName && { name }), ...changes, env, ...more });
}

/** Whoever submits it again is told as before; the receivers of somebody else are not. */
function toldAgain(actor: UserActor, creator: string, notify: StoredNotify | null): { notify?: StoredNotify } {
  return notify !== null && actor.userId === creator ? { notify } : {};
}

/** Submits what was submitted before, with changes. It has to pass what any submission has to. */
export class Reruns {
  constructor(private readonly deps: RerunDeps) {}

  /** Throws `task_not_found`, and what a submission throws. */
  async task(actor: UserActor, uuid: string, { changes }: Rerun, key: string | undefined): Promise<TaskReceipt> {
    const [stored] = (await this.deps.dataSource.query(`${STORED} WHERE t.id = $1`, [uuid])) as StoredTask[];
    if (!stored || !isAllowed(actor, { action: 'task.read', groupId: stored.groupId })) throw taskNotFound(uuid);
    const told = toldAgain(actor, stored.creatorId, stored.notify);
    const [receipt] = await this.deps.submitTasks(actor, [changed(stored, { ...told, ...changes })], key);
    if (!receipt) throw new Error('a submission of one task returned no receipt');
    return receipt;
  }

  /** A new job with all tasks of another one, in their order, with what they wait for. Throws `rerun_too_large`. */
  async job(actor: UserActor, uuid: string, { changes }: Rerun, key: string | undefined): Promise<JobReceipt> {
    const { dataSource, jobReader, jobs } = this.deps;
    const { group, name, at_once, max_fails, creator_id, notify } = await jobReader.row(actor, uuid, 'task.submit');
    const tasks = (await dataSource.query(
      `${STORED} WHERE t.job_id = $1 AND t.retried_by IS NULL ORDER BY t.job_index LIMIT ${LIMITS.batchTasks + 1}`,
      [uuid],
    )) as StoredTask[];
    if (tasks.length > LIMITS.batchTasks) {
      const message = `a job of more than ${LIMITS.batchTasks} tasks can't be submitted again; repeat its submission`;
      throw new MitoError('too-large', 'rerun_too_large', message);
    }
    const edges = (await dataSource.query(
      `SELECT d.task_id AS task, d.on_id AS on, d.on_kind AS kind, d.condition AS when
       FROM dependencies d JOIN tasks t ON t.id = d.task_id WHERE t.job_id = $1`,
      [uuid],
    )) as Edge[];
    const known = new Set(tasks.map(({ id }) => id));
    const afterBy = new Map<string, object[]>(tasks.map(({ id }) => [id, []]));
    for (const edge of edges) afterBy.get(edge.task)?.push(afterOf(edge, known));
    const submissions = tasks.map((task) => changed(task, changes, { after: afterBy.get(task.id), key: task.id }));
    const limits = { at_once: at_once ?? undefined, max_fails: max_fails ?? undefined };
    const told = toldAgain(actor, creator_id, notify);
    return jobs.create(actor, { group, name, tasks: submissions, is_open: false, ...limits, ...told }, key);
  }
}

/** A dependency on a task of the same job is on the new one. */
function afterOf({ on, kind, when }: Edge, known: ReadonlySet<string>): object {
  if (kind === 'job') return { job: on, when };
  return known.has(on) ? { key: on, when } : { task: on, when };
}
