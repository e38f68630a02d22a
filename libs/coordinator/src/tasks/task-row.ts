import { v7 as uuidv7 } from 'uuid';
import {
  cutText,
  nameOfCommand,
  queueName,
  storableText,
  type TaskKind,
  type TaskState,
  type WorkloadStep,
} from '@mitosis/domain';
import type { SubmitTask } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { processSpecOf } from './process-spec.js';

/** A task whose limits are decided: its own, or those of its group and of the deployment. */
export type LimitedTask = SubmitTask & {
  readonly timeout_ms: number | null;
  readonly retries: number;
  readonly retry_delay_ms: number;
};

/** Where tasks come from besides their submitter. */
export interface Origin {
  readonly job?: { readonly id: string; readonly firstIndex: number } | undefined;
  /** The task that submits them. */
  readonly upstream?: string | undefined;
}

export interface GroupRef {
  readonly id: string;
  readonly name: string;
}

/** Which kind of queue a task belongs to. */
export const kindOf = ({ wasm }: Pick<SubmitTask, 'wasm'>): TaskKind => (wasm ? 'wasm' : 'command');

const mustWait = ({ after, start_at, start_in_ms }: SubmitTask): boolean =>
  after.length > 0 || start_at !== undefined || start_in_ms !== undefined;

/** The row of a new task. */
export function toRow(task: LimitedTask, group: GroupRef, actor: UserActor, { job, upstream }: Origin, place: number) {
  const { args, env, terminal, resources, cwd, stdin_base64, params, array_index, wasm, pty, log_limit_bytes } = task;
  const spec = { args, env, terminal, resources, cwd, stdin_base64, params, array_index, wasm, pty, log_limit_bytes };
  const name = task.name ?? nameOfCommand(args);
  return {
    id: uuidv7(),
    group_id: group.id,
    creator_id: actor.userId,
    kind: kindOf(task),
    queue: queueName(group.name, task.tags, kindOf(task)),
    name,
    // Undefined values are left out of the JSON.
    spec: { ...spec, ...processSpecOf(task) },
    tags: task.tags,
    labels: task.labels,
    priority: task.priority,
    timeout_ms: task.timeout_ms,
    retries: task.retries,
    retry_delay_ms: task.retry_delay_ms,
    retry_exit_codes: task.retry_exit_codes,
    requeue_on: task.requeue_on,
    requeues_max: task.requeues_max,
    limits: task.limits,
    needs: task.needs.length > 0 ? task.needs : null,
    job_id: job?.id ?? null,
    job_index: job ? job.firstIndex + place : null,
    upstream_id: upstream ?? null,
    notify: task.notify ?? null,
    is_confined: actor.task !== undefined,
    start_at: task.start_at ?? null,
    start_in_ms: task.start_in_ms ?? null,
    state: (mustWait(task) ? 'pending' : 'ready') as TaskState,
    words: cutText(storableText(`${name} ${args.join(' ')}`), 4096),
  };
}

/** A task as it is inserted. */
export type TaskRow = ReturnType<typeof toRow> & {
  readonly workload_id?: string;
  readonly workload_step?: WorkloadStep;
  readonly workload_index?: number | null;
  readonly avoid_worker_id?: string | null;
};
