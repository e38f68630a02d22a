import type { DataSource } from 'typeorm';
import { operations } from '@mitosis/protocol';
import type { QueuePublisher } from '@mitosis/queue';
import type { TaskEvents } from '../events/task-events.js';
import { explainTask } from '../tasks/explain-task.js';
import type { ArtifactReader } from '../tasks/read-artifacts.js';
import type { TaskReader } from '../tasks/read-tasks.js';
import type { SubmitTasks } from '../tasks/submit-tasks.js';
import { waitTasks } from '../tasks/wait-tasks.js';
import type { ApiRouter } from './api-router.js';

export interface TaskRouteDeps {
  readonly dataSource: DataSource;
  readonly submitTasks: SubmitTasks;
  readonly reader: TaskReader;
  readonly artifacts: ArtifactReader;
  readonly events: TaskEvents;
  readonly publisher: QueuePublisher;
  /** A worker whose last heartbeat is older than this is silent. */
  readonly silentMs: number;
}

export function taskRoutes(api: ApiRouter, deps: TaskRouteDeps): void {
  const { submitTasks, reader, artifacts, events } = deps;
  const ops = operations.tasks;
  api.mount(ops.submit, async ({ actor, body, idempotencyKey }) => {
    const [receipt] = await submitTasks(actor, [body], idempotencyKey);
    if (!receipt) throw new Error('a submission of one task returned no receipt');
    return receipt;
  });
  api.mount(ops.submitBatch, async ({ actor, body, idempotencyKey }) => ({
    tasks: await submitTasks(actor, body.tasks, idempotencyKey),
  }));
  api.mount(ops.wait, ({ body: { uuids, timeout_ms: timeoutMs }, again, whileAllowed }) => {
    const summaries = async () => reader.summaries(await again(), uuids);
    return waitTasks({ summaries, events }, { uuids, timeoutMs, signal: whileAllowed(again) });
  });
  api.mount(ops.query, ({ actor, query }) => reader.query(actor, query));
  api.mount(ops.count, async ({ actor, query }) => ({ count: await reader.count(actor, query) }));
  api.mount(ops.get, ({ actor, params }) => reader.get(actor, params.uuid));
  api.mount(ops.attempts, async ({ actor, params }) => ({ attempts: await reader.attempts(actor, params.uuid) }));
  api.mount(ops.explain, ({ actor, params }) => explainTask(deps, actor, params.uuid));
  api.mount(operations.artifacts.download, ({ actor, params }) => artifacts.download(actor, params.uuid, params.kind));
}
