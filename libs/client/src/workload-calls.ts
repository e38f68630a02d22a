import { isWorkloadOver } from '@mitosis/domain';
import {
  operations,
  type CancelAnswer,
  type SubmitWorkloadInput,
  type WorkloadPage,
  type WorkloadTask,
  type WorkloadView,
} from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

const { workloads } = operations;

const WAIT_MS = 30_000;
/** A coordinator that was there once is waited for: it may be restarting. */
const WAIT_PATIENCE_MS = 120_000;

export interface WorkloadFilter {
  readonly group?: string | undefined;
  readonly creator?: string | undefined;
  readonly name?: string | undefined;
  readonly state?: readonly WorkloadView['state'][] | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** Computations that a program splits and puts together. */
export class WorkloadCalls {
  constructor(private readonly transport: Transport) {}

  /** Sent again when the answer was lost, and stored once. */
  async submit(
    workload: SubmitWorkloadInput,
    { signal, idempotencyKey }: CallOptions & { idempotencyKey?: string | undefined } = {},
  ): Promise<WorkloadView> {
    return this.transport.call(workloads.submit, { body: workload, idempotencyKey, signal });
  }

  /** One page, newest first. */
  async query(filter: WorkloadFilter = {}, { signal }: CallOptions = {}): Promise<WorkloadPage> {
    return this.transport.call(workloads.query, { query: filter, signal });
  }

  async get(uuid: string, { signal }: CallOptions = {}): Promise<WorkloadView> {
    return this.transport.call(workloads.get, { params: { uuid }, signal });
  }

  /** Its tasks: which worker computed which subtask, and the SHA-256 of each result. */
  async tasks(uuid: string, { signal }: CallOptions = {}): Promise<WorkloadTask[]> {
    return (await this.transport.call(workloads.tasks, { params: { uuid }, signal })).tasks;
  }

  /** Resolves when it is over; `onProgress` hears of each change until then. */
  async wait(
    uuid: string,
    { signal, onProgress }: CallOptions & { onProgress?: (workload: WorkloadView) => void } = {},
  ): Promise<WorkloadView> {
    let seen = 0;
    let retryMs: number | undefined;
    for (;;) {
      const body = { seen_done: seen, timeout_ms: WAIT_MS };
      const options = { signal, isRepeatable: true, timeoutMs: WAIT_MS * 2, retryMs };
      const workload = await this.transport.call(workloads.wait, { params: { uuid }, body, ...options });
      retryMs = WAIT_PATIENCE_MS;
      seen = workload.subtasks_done;
      onProgress?.(workload);
      if (isWorkloadOver(workload.state)) return workload;
    }
  }

  /** Ends it with all of its tasks; counts those that were waiting and those that their workers end. */
  async cancel(
    uuid: string,
    { reason, signal }: CallOptions & { reason?: string | undefined } = {},
  ): Promise<CancelAnswer> {
    const body = reason === undefined ? {} : { reason };
    return this.transport.call(workloads.cancel, { params: { uuid }, body, signal, isRepeatable: true });
  }
}
