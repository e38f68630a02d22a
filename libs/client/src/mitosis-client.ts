import { isFinal } from '@mitosis/domain';
import {
  operations,
  type ArtifactDownload,
  type ArtifactKind,
  type CancelAnswer,
  type CancelResult,
  type CancelTasksInput,
  type ChangeTaskInput,
  type Identity,
  type MetricsSummary,
  type OutputMatches,
  type Session,
  type SteerWorker,
  type SubmitTaskInput,
  type TaskDetail,
  type TaskExplanation,
  type TaskPage,
  type TaskReceipt,
  type TaskSummary,
  type TaskView,
  type WorkerView,
} from '@mitosis/protocol';
import { AccessClient } from './access-client.js';
import type { CallOptions } from './call-options.js';
import { CodeCalls } from './code-calls.js';
import { ExperimentCalls } from './experiment-calls.js';
import { FilesApi } from './files/files-api.js';
import type { TransferOptions } from './files/signed-transfer.js';
import { followEvents, type Changed, type EventFilter } from './follow-events.js';
import { followOutput, type FollowOptions, type OutputItem } from './follow-output.js';
import { JobsClient } from './jobs-client.js';
import { logPieces, type LogPiece } from './log-pieces.js';
import { ProgramCalls } from './program-calls.js';
import { conditionTexts } from './query-string.js';
import { ReceiverCalls } from './receiver-calls.js';
import { RunningCalls } from './running-calls.js';
import { ScheduleCalls } from './schedule-calls.js';
import { searchOutput, type OutputPattern } from './search-output.js';
import { SecretCalls } from './secret-calls.js';
import { TerminalCalls } from './terminal-calls.js';
import { Transport, type TransportOptions } from './transport.js';
import { UsageCalls } from './usage-calls.js';
import { WorkloadCalls } from './workload-calls.js';

/** Fields of a submission that are to be others. */
export type RerunChanges = Readonly<Partial<SubmitTaskInput>>;

export interface SubmitOptions extends CallOptions {
  /** The same key gets the same answer; one is drawn per call when not given. */
  readonly idempotencyKey?: string | undefined;
}

/** The filters of `GET /tasks`; lists mean "any of these states", "all of these tags and labels". */
export interface TaskFilter {
  readonly group?: string | undefined;
  readonly creator?: string | undefined;
  readonly state?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly job?: string | undefined;
  readonly upstream?: string | undefined;
  /** A comparison: `0`, `!=0`, `>=3`; likewise the priority. */
  readonly exit_code?: string | undefined;
  readonly priority?: string | undefined;
  readonly worker?: string | undefined;
  /** Times in ISO 8601. */
  readonly created_after?: string | undefined;
  readonly created_before?: string | undefined;
  readonly finished_after?: string | undefined;
  readonly finished_before?: string | undefined;
  /** Words of its name, its command and why it failed. */
  readonly text?: string | undefined;
  readonly limit?: number | undefined;
  /** Skips the first N. */
  readonly offset?: number | undefined;
  readonly after?: string | undefined;
}

export interface WaitTasksOptions {
  /** Ends with the first task that ends. */
  readonly isAny?: boolean;
  onProgress?(tasks: readonly TaskSummary[]): void;
}

/** The conditions of a filter, without how many of what it finds. */
export type TaskConditions = Omit<TaskFilter, 'limit' | 'offset' | 'after'>;

/** Which tasks: those named, those that a filter with at least one condition finds, or all that one may cancel. */
export interface TaskSelection {
  readonly uuids?: readonly string[] | undefined;
  readonly filter?: TaskConditions | undefined;
  readonly all?: true | undefined;
}

export interface CancelOptions extends CallOptions {
  /** Kept with the tasks. */
  readonly reason?: string | undefined;
  readonly isDryRun?: boolean | undefined;
}

const BATCH = 1000;
const WAIT_MS = 30_000;
/** Between two responses when somebody wants to hear how far it is. */
const PROGRESS_MS = 1_000;
/** A coordinator that was there once is waited for: it may be restarting. */
const WAIT_PATIENCE_MS = 120_000;

const { auth, tasks } = operations;

/** A coordinator, as people and their programs use it. All methods throw {@link MitoError}. */
export class MitosisClient {
  /** Files of groups, and what is stored for tasks. */
  readonly files: FilesApi;
  /** Users, groups, workers, tokens and the audit log. */
  readonly access: AccessClient;
  readonly programs: ProgramCalls;
  /** Folders of code that tasks start in. */
  readonly code: CodeCalls;
  readonly secrets: SecretCalls;
  readonly workloads: WorkloadCalls;
  readonly schedules: ScheduleCalls;
  readonly usage: UsageCalls;
  /** Who is told of jobs. */
  readonly receivers: ReceiverCalls;
  /** Jobs that files describe. */
  readonly experiments: ExperimentCalls;
  readonly terminals: TerminalCalls;
  readonly running: RunningCalls;
  private readonly transport: Transport;
  /** Tasks that were submitted together. */
  readonly jobs: JobsClient;

  constructor(options: TransportOptions) {
    this.transport = new Transport(options);
    this.files = new FilesApi(this.transport);
    this.jobs = new JobsClient(this.transport);
    this.access = new AccessClient(this.transport);
    this.programs = new ProgramCalls(this.transport);
    this.code = new CodeCalls(this.transport);
    this.secrets = new SecretCalls(this.transport);
    this.workloads = new WorkloadCalls(this.transport);
    this.receivers = new ReceiverCalls(this.transport);
    this.schedules = new ScheduleCalls(this.transport);
    this.usage = new UsageCalls(this.transport);
    this.experiments = new ExperimentCalls(this.transport);
    this.terminals = new TerminalCalls(this.transport);
    this.running = new RunningCalls(this.transport);
  }

  /** Of the coordinator. */
  get url(): string {
    return this.transport.url;
  }

  async login(username: string, password: string, { signal }: CallOptions = {}): Promise<Session> {
    return this.transport.call(auth.login, { body: { username, password }, signal });
  }

  /** What matters of the deployment at a glance; for site administrators. */
  async metrics({ signal }: CallOptions = {}): Promise<MetricsSummary> {
    return this.transport.call(operations.service.metricsSummary, { signal });
  }

  async logout({ signal }: CallOptions = {}): Promise<void> {
    await this.transport.call(auth.logout, { signal });
  }

  /** Who the token speaks for. */
  async identity({ signal }: CallOptions = {}): Promise<Identity> {
    return this.transport.call(auth.identity, { signal });
  }

  /** The task is stored durably when this resolves. */
  async submitTask(task: SubmitTaskInput, { signal, idempotencyKey }: SubmitOptions = {}): Promise<TaskReceipt> {
    return this.transport.call(tasks.submit, { body: task, idempotencyKey, signal });
  }

  /** Up to 1000 tasks: all of them are stored, or none. */
  async submitTasks(
    batch: readonly SubmitTaskInput[],
    { signal, idempotencyKey }: SubmitOptions = {},
  ): Promise<TaskReceipt[]> {
    return (await this.transport.call(tasks.submitBatch, { body: { tasks: batch }, idempotencyKey, signal })).tasks;
  }

  async getTask(uuid: string, { signal }: CallOptions = {}): Promise<TaskDetail> {
    return this.transport.call(tasks.get, { params: { uuid }, signal });
  }

  /** Submits a task again, with changes of its submission; variables are added to its own. */
  async rerunTask(
    uuid: string,
    changes: RerunChanges,
    { signal, idempotencyKey }: SubmitOptions = {},
  ): Promise<TaskReceipt> {
    return this.transport.call(tasks.rerun, { params: { uuid }, body: { changes }, idempotencyKey, signal });
  }

  /** Why a task is not running. */
  async explainTask(uuid: string, { signal }: CallOptions = {}): Promise<TaskExplanation> {
    return this.transport.call(tasks.explain, { params: { uuid }, signal });
  }

  /** One page, newest first. */
  async queryTasks(filter: TaskFilter = {}, { signal }: CallOptions = {}): Promise<TaskPage> {
    return this.transport.call(tasks.query, { query: filter, signal });
  }

  async countTasks(filter: TaskConditions = {}, { signal }: CallOptions = {}): Promise<number> {
    return (await this.transport.call(tasks.count, { query: filter, signal })).count;
  }

  /** A waiting task ends at once, a running one as soon as its worker has ended it. */
  async cancelTask(
    uuid: string,
    { reason, signal }: CallOptions & { reason?: string | undefined } = {},
  ): Promise<CancelResult> {
    const body = { ...(reason !== undefined && { reason }) };
    return this.transport.call(tasks.cancel, { params: { uuid }, body, signal, isRepeatable: true });
  }

  /**
   * Tasks by their uuids, all that a filter finds, or all: in requests of 1000, or as many as the coordinator
   * takes on in one. With `isDryRun` nothing is cancelled; the answer says what would be.
   */
  async cancelTasks(selection: TaskSelection, options: CancelOptions = {}): Promise<CancelAnswer> {
    const { uuids, filter, all } = selection;
    if (uuids) return this.cancelNamed(uuids, options);
    const body = { ...(filter && { filter: conditionTexts(filter) }), ...(all && { all }) };
    for (let total = await this.cancelSome(body, options); ;) {
      if (options.isDryRun) return total;
      const { cancelled, requested } = await this.cancelSome(body, options);
      if (cancelled + requested === 0) return total;
      total = { cancelled: total.cancelled + cancelled, requested: total.requested + requested };
    }
  }

  private async cancelNamed(uuids: readonly string[], options: CancelOptions): Promise<CancelAnswer> {
    const total = { cancelled: 0, requested: 0, results: [] as CancelResult[] };
    for (let at = 0; at < uuids.length; at += BATCH) {
      const more = await this.cancelSome({ uuids: uuids.slice(at, at + BATCH) }, options);
      total.cancelled += more.cancelled;
      total.requested += more.requested;
      total.results.push(...(more.results ?? []));
    }
    return total;
  }

  private async cancelSome(
    which: CancelTasksInput,
    { reason, isDryRun, signal }: CancelOptions,
  ): Promise<CancelAnswer> {
    const body = { ...which, ...(reason !== undefined && { reason }), ...(isDryRun && { dry_run: true }) };
    return this.transport.call(tasks.cancelMany, { body, signal, isRepeatable: true });
  }

  /** Labels at any time, anything else before it has started. */
  async changeTask(uuid: string, change: ChangeTaskInput, { signal }: CallOptions = {}): Promise<TaskDetail> {
    return this.transport.call(tasks.change, { params: { uuid }, body: change, signal, isRepeatable: true });
  }

  /** Nothing of the group starts until it is resumed. */
  async setGroupSuspended(group: string, isSuspended: boolean, { signal }: CallOptions = {}): Promise<void> {
    const { suspend, resume } = operations.groups;
    const options = { params: { name: group }, signal, isRepeatable: true };
    await this.transport.call(isSuspended ? suspend : resume, options);
  }

  /** All tasks that the filter finds, newest first, page by page; `limit` ends it early. */
  async *tasks(
    { limit = Infinity, offset, after, ...filter }: TaskFilter = {},
    options: CallOptions = {},
  ): AsyncGenerator<TaskView> {
    let position: TaskFilter = { offset, after };
    for (let left = limit; left > 0;) {
      const page = await this.queryTasks({ ...filter, ...position, limit: Math.min(left, BATCH) }, options);
      yield* page.tasks;
      if (page.next === null) return;
      left -= page.tasks.length;
      position = { after: page.next };
    }
  }

  /**
   * Resolves when all tasks are in a final state, or with `isAny` when one of them is. `onProgress` is called about
   * once a second with the tasks that are still waited for.
   */
  async waitTasks(
    uuids: readonly string[],
    { signal, onProgress, isAny = false }: CallOptions & WaitTasksOptions = {},
  ): Promise<TaskSummary[]> {
    const done = new Map<string, TaskSummary>();
    let retryMs: number | undefined;
    let open = [...new Set(uuids)];
    while (open.length > 0) {
      const body = { uuids: open.slice(0, BATCH), timeout_ms: onProgress || isAny ? PROGRESS_MS : WAIT_MS };
      const options = { signal, isRepeatable: true, timeoutMs: WAIT_MS * 2, retryMs };
      const { tasks: seen } = await this.transport.call(tasks.wait, { body, ...options });
      retryMs = WAIT_PATIENCE_MS;
      for (const task of seen) done.set(task.uuid, task);
      open = open.filter((uuid) => !isFinal(done.get(uuid)?.state ?? 'pending'));
      onProgress?.(seen);
      if (isAny && seen.some(({ state }) => isFinal(state))) break;
    }
    return [...new Set(uuids)].flatMap((uuid) => done.get(uuid) ?? []);
  }

  /** Says what is wanted of a worker: `run`, `drain`, `stop` (after its tasks) or `stop_now`. */
  async steerWorker(uuid: string, wanted: SteerWorker['wanted'], { signal }: CallOptions = {}): Promise<WorkerView> {
    const options = { params: { uuid }, body: { wanted }, signal, isRepeatable: true };
    return this.transport.call(operations.workers.steer, options);
  }

  /** What a task prints as text, piece by piece, until it ends; from the beginning of its last attempt. */
  logs(uuid: string, options: CallOptions = {}): AsyncGenerator<LogPiece> {
    return logPieces(this.followOutput(uuid, options));
  }

  /** Changes of tasks and jobs as they happen; some may be missed while the connection is away. */
  events(filter: EventFilter = {}, { signal }: CallOptions = {}): AsyncGenerator<Changed> {
    return followEvents(this.transport, filter, this.transport.signalWith(signal));
  }

  /** Everything a task prints, as it prints it, and at last how it ended. */
  followOutput(uuid: string, options: FollowOptions = {}): AsyncGenerator<OutputItem> {
    return followOutput(this.transport, uuid, { ...options, signal: this.transport.signalWith(options.signal) });
  }

  /**
   * Searches in what the tasks have printed that the conditions
   * find, newest first; yields each part when it is searched.
   */
  searchOutput(search: OutputPattern & TaskConditions, { signal }: CallOptions = {}): AsyncGenerator<OutputMatches> {
    return searchOutput(this.transport, search, { signal: this.transport.signalWith(signal) });
  }

  /** What is known of an artifact, with a request to fetch it that is good for some minutes. */
  async artifact(uuid: string, kind: ArtifactKind, { signal }: CallOptions = {}): Promise<ArtifactDownload> {
    return this.transport.call(operations.artifacts.download, { params: { uuid, kind }, signal });
  }

  /** Fetches an artifact into `file`, which appears only when its SHA-256 is right. */
  async downloadArtifact(artifact: ArtifactDownload, file: string, options: TransferOptions = {}): Promise<void> {
    const requests = [artifact.download];
    const sign = async () => requests.pop() ?? (await this.artifact(artifact.task, artifact.kind, options)).download;
    await this.files.download({ sizeBytes: artifact.size_bytes, sha256: artifact.sha256, sign }, file, options);
  }
}
