import { isWorkloadOver } from '@mitosis/domain';
import { type SubmitWorkloadInput, WorkloadTasks, type WorkloadTask, WorkloadView } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

const WAIT_MS = 30_000;
/** A coordinator that was there once is waited for: it may be restarting. */
const WAIT_PATIENCE_MS = 120_000;

/** Computations that a program splits and puts together. */
export class WorkloadCalls {
  constructor(private readonly transport: Transport) {}

  async submit(workload: SubmitWorkloadInput, { signal }: CallOptions = {}): Promise<WorkloadView> {
    return this.transport.json('POST', '/workloads', WorkloadView, { body: workload, signal });
  }

  async get(uuid: string, { signal }: CallOptions = {}): Promise<WorkloadView> {
    return this.transport.json('GET', `/workloads/${encodeURIComponent(uuid)}`, WorkloadView, { signal });
  }

  /** Its tasks: which worker computed which subtask, and the SHA-256 of each result. */
  async tasks(uuid: string, { signal }: CallOptions = {}): Promise<WorkloadTask[]> {
    return (await this.transport.json('GET', `/workloads/${encodeURIComponent(uuid)}/tasks`, WorkloadTasks, { signal })).tasks;
  }

  /** Resolves when it is over; `onProgress` hears of each change until then. */
  async wait(uuid: string, { signal, onProgress }: CallOptions & { onProgress?: (workload: WorkloadView) => void } = {}): Promise<WorkloadView> {
    let seen = 0;
    let retryMs: number | undefined;
    for (;;) {
      const body = { seen_done: seen, timeout_ms: WAIT_MS };
      const options = { body, signal, isRepeatable: true, timeoutMs: WAIT_MS * 2, retryMs };
      const workload = await this.transport.json('POST', `/workloads/${encodeURIComponent(uuid)}/wait`, WorkloadView, options);
      retryMs = WAIT_PATIENCE_MS;
      seen = workload.subtasks_done;
      onProgress?.(workload);
      if (isWorkloadOver(workload.state)) return workload;
    }
  }
}
