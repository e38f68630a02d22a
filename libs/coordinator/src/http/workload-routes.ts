import { operations } from '@mitosis/protocol';
import type { cancelWorkloadWith } from '../workloads/cancel-workload.js';
import type { WorkloadReader } from '../workloads/read-workloads.js';
import type { submitWorkloadWith } from '../workloads/submit-workload.js';
import type { ApiRouter } from './api-router.js';

export interface WorkloadRouteDeps {
  readonly reader: WorkloadReader;
  readonly submit: ReturnType<typeof submitWorkloadWith>;
  readonly cancel: ReturnType<typeof cancelWorkloadWith>;
}

export function workloadRoutes(api: ApiRouter, { reader, submit, cancel }: WorkloadRouteDeps): void {
  const ops = operations.workloads;
  api.mount(ops.submit, async ({ actor, body, idempotencyKey }) =>
    reader.get(actor, await submit(actor, body, idempotencyKey)),
  );
  api.mount(ops.query, ({ actor, query }) => reader.query(actor, query));
  api.mount(ops.get, ({ actor, params }) => reader.get(actor, params.uuid));
  api.mount(ops.tasks, async ({ actor, params }) => ({ tasks: await reader.tasks(actor, params.uuid) }));
  api.mount(ops.wait, ({ params: { uuid }, body, again, whileAllowed }) => {
    const signal = whileAllowed(async () => reader.get(await again(), uuid));
    return reader.wait(again, uuid, { seenDone: body.seen_done, timeoutMs: body.timeout_ms, signal });
  });
  api.mount(ops.cancel, ({ actor, params, body }) => cancel(actor, params.uuid, body.reason));
}
