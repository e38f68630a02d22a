import { randomUUID } from 'node:crypto';
import { invalidField, isFinal, MitoError } from '@mitosis/domain';
import {
  operations,
  SubmitTask,
  type CancelAnswer,
  type ChangeJob,
  type CreateJobInput,
  type JobFailures,
  type JobPage,
  type JobReceipt,
  type JobResult,
  type JobResultPage,
  type JobView,
  type SubmitTaskInput,
  type TaskReceipt,
} from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import { partKey } from './part-key.js';
import type { Transport } from './transport.js';

export interface JobFilter {
  readonly group?: string | undefined;
  readonly creator?: string | undefined;
  readonly name?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

export interface SubmittedJob {
  readonly uuid: string;
  /** Of its tasks, in their order. */
  readonly tasks: readonly string[];
  /** The receipt of the first one, with its time limit. */
  readonly first?: TaskReceipt | undefined;
}

interface KeyedOptions extends CallOptions {
  /** A new one for each call when left out. */
  readonly idempotencyKey?: string | undefined;
  /** How long the coordinator is tried; some seconds when left out. */
  readonly retryMs?: number | undefined;
}

export interface SubmitJobOptions extends Pick<KeyedOptions, 'signal' | 'idempotencyKey'> {
  /** Told after each request how many tasks are stored, and of which job. */
  readonly onProgress?: ((stored: number, job: string) => void) | undefined;
}

const { jobs } = operations;

/** Tasks in one request. */
const BATCH = 1_000;
/** How long a coordinator that was there once is waited for. */
const PATIENCE_MS = 120_000;
const WAIT_MS = 30_000;

/** The jobs of a coordinator. All methods throw `MitoError`. */
export class JobsClient {
  constructor(private readonly transport: Transport) {}

  /**
   * Submits any number of tasks as one job, in requests of 1000: up to there all or none. Beyond it the job is
   * open, and shown as unfinished, until the last request; its tasks run meanwhile. Called again with the same
   * tasks and the same key it adds what is missing. A job whose later tasks are refused is cancelled.
   */
  async submit(
    { tasks, ...job }: Omit<CreateJobInput, 'is_open' | 'expected_tasks'>,
    { signal, idempotencyKey = randomUUID(), onProgress }: SubmitJobOptions = {},
  ): Promise<SubmittedJob> {
    const isOpen = tasks.length > BATCH;
    if (isOpen) assertTasks(tasks);
    const body = {
      ...job,
      tasks: tasks.slice(0, BATCH),
      is_open: isOpen,
      ...(isOpen && { expected_tasks: tasks.length }),
    };
    const { uuid, tasks: first } = await this.transport.call(jobs.create, { body, idempotencyKey, signal });
    const stored = first.map((task) => task.uuid);
    onProgress?.(stored.length, uuid);
    for (let part = 1; stored.length < tasks.length; part += 1) {
      const next = tasks.slice(stored.length, stored.length + BATCH);
      const isLast = stored.length + next.length === tasks.length;
      const options = { signal, idempotencyKey: partKey(idempotencyKey, part), retryMs: PATIENCE_MS };
      stored.push(...(await this.addOrCancel(uuid, next, isLast, options)));
      onProgress?.(stored.length, uuid);
    }
    return { uuid, tasks: stored, first: first[0] };
  }

  /** Adds up to 1000 tasks to a job that is open; returns their uuids. */
  async add(
    uuid: string,
    tasks: readonly SubmitTaskInput[],
    isLast: boolean,
    options: KeyedOptions = {},
  ): Promise<string[]> {
    const body = { tasks, is_last: isLast };
    const added = await this.transport.call(jobs.addTasks, { params: { uuid }, body, ...options });
    return added.tasks.map((task) => task.uuid);
  }

  /** Begins a job that more tasks are added to, until it is closed. */
  async open(job: Omit<CreateJobInput, 'is_open'>, { signal }: CallOptions = {}): Promise<JobReceipt> {
    return this.transport.call(jobs.create, { body: { ...job, is_open: true }, signal });
  }

  async close(uuid: string, { signal }: CallOptions = {}): Promise<JobView> {
    return this.transport.call(jobs.close, { params: { uuid }, signal, isRepeatable: true });
  }

  async get(uuid: string, { signal }: CallOptions = {}): Promise<JobView> {
    return this.transport.call(jobs.get, { params: { uuid }, signal });
  }

  /** Changes its limits while it runs: what is not named stays, null lifts one. */
  async change(uuid: string, change: ChangeJob, { signal }: CallOptions = {}): Promise<JobView> {
    return this.transport.call(jobs.change, { params: { uuid }, body: change, signal, isRepeatable: true });
  }

  /** One page, newest first. */
  async query(filter: JobFilter = {}, { signal }: CallOptions = {}): Promise<JobPage> {
    return this.transport.call(jobs.query, { query: filter, signal });
  }

  /** Resolves when the job is over; `onProgress` hears of it as it changes, about once a second. */
  async wait(
    uuid: string,
    { signal, onProgress }: CallOptions & { onProgress?: (job: JobView) => void } = {},
  ): Promise<JobView> {
    let retryMs: number | undefined;
    for (;;) {
      const query = { wait_ms: onProgress ? 1_000 : WAIT_MS };
      const options = { signal, timeoutMs: WAIT_MS * 2, retryMs };
      const job = await this.transport.call(jobs.get, { params: { uuid }, query, ...options });
      retryMs = PATIENCE_MS;
      onProgress?.(job);
      if (isFinal(job.state)) return job;
    }
  }

  async cancel(
    uuid: string,
    { reason, signal }: CallOptions & { reason?: string | undefined } = {},
  ): Promise<CancelAnswer> {
    const total = { cancelled: 0, requested: 0 };
    for (;;) {
      const body = { ...(reason !== undefined && { reason }) };
      const more = await this.transport.call(jobs.cancel, { params: { uuid }, body, signal, isRepeatable: true });
      total.cancelled += more.cancelled;
      total.requested += more.requested;
      if (more.cancelled + more.requested === 0) return total;
    }
  }

  /** Submits all tasks of a job again, as a new job, with changes of their submissions. */
  async rerun(uuid: string, changes: Readonly<Partial<SubmitTaskInput>>): Promise<JobReceipt> {
    return this.transport.call(jobs.rerun, { params: { uuid }, body: { changes } });
  }

  /** Submits what has failed or was cancelled again; returns how many tasks. */
  async retryFailed(uuid: string, { signal }: CallOptions = {}): Promise<number> {
    const options = { params: { uuid }, signal, isRepeatable: true };
    return (await this.transport.call(jobs.retryFailed, options)).retried;
  }

  /** Nothing of the job starts until it is resumed. */
  async setSuspended(uuid: string, isSuspended: boolean, { signal }: CallOptions = {}): Promise<void> {
    const options = { params: { uuid }, signal, isRepeatable: true };
    await this.transport.call(isSuspended ? jobs.suspend : jobs.resume, options);
  }

  /** The table of results, a row for each task, in their order. */
  async *results(uuid: string, { signal }: CallOptions = {}): AsyncGenerator<JobResult> {
    for (let after: number | undefined; ;) {
      const page: JobResultPage = await this.transport.call(jobs.results, {
        params: { uuid },
        query: { after },
        signal,
      });
      yield* page.results;
      if (page.next === null) return;
      after = page.next;
    }
  }

  /** The failed tasks of a job, those together that ended with the same lines; most first. */
  async failures(uuid: string, { signal }: CallOptions = {}): Promise<JobFailures> {
    return this.transport.call(jobs.failures, { params: { uuid }, signal });
  }

  /** Invalid tasks end the job, and nothing of it is left over. An interrupted one can be finished. */
  private async addOrCancel(
    uuid: string,
    tasks: readonly SubmitTaskInput[],
    isLast: boolean,
    options: KeyedOptions,
  ): Promise<string[]> {
    try {
      return await this.add(uuid, tasks, isLast, options);
    } catch (error) {
      if (error instanceof MitoError && ['invalid', 'not-found', 'too-large'].includes(error.kind))
        await this.cancel(uuid, { reason: `its submission was refused: ${error.message}` });
      throw error;
    }
  }
}

/** Finds what is wrong with any of many tasks before the first of them is stored. */
function assertTasks(tasks: readonly SubmitTaskInput[]): void {
  tasks.forEach((task, place) => {
    const issue = SubmitTask.safeParse(task).error?.issues[0];
    if (issue) throw invalidField(['tasks', place, ...issue.path].join('.'), issue.message);
  });
}
