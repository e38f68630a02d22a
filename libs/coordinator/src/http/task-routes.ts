import { Router } from 'express';
import type { DataSource } from 'typeorm';
import {
  ArtifactKind,
  SubmitTask,
  SubmitTasks,
  TaskCount,
  TaskDetail,
  TaskExplanation,
  TaskFilters,
  TaskPage,
  TaskQuery,
  TaskReceipt,
  TaskReceipts,
  TaskSummaries,
  WaitTasks,
} from '@mitosis/protocol';
import type { QueuePublisher } from '@mitosis/queue';
import type { Authenticator } from '../auth/authenticator.js';
import type { TaskEvents } from '../events/task-events.js';
import { explainTask } from '../tasks/explain-task.js';
import type { ArtifactReader } from '../tasks/read-artifacts.js';
import type { TaskReader } from '../tasks/read-tasks.js';
import type { SubmitTasks as SubmitTasksFn } from '../tasks/submit-tasks.js';
import { waitTasks } from '../tasks/wait-tasks.js';
import { abandoned, idempotencyKey, uuidParam } from './parse-request.js';
import { whileAllowed } from './while-allowed.js';

export interface TaskRouteDeps {
  readonly authenticator: Authenticator;
  readonly dataSource: DataSource;
  readonly submitTasks: SubmitTasksFn;
  readonly reader: TaskReader;
  readonly artifacts: ArtifactReader;
  readonly events: TaskEvents;
  readonly publisher: QueuePublisher;
  /** A worker whose last heartbeat is older than this is silent. */
  readonly silentMs: number;
}

export function taskRoutes({
  authenticator,
  dataSource,
  submitTasks,
  reader,
  artifacts,
  events,
  publisher,
  silentMs,
}: TaskRouteDeps): Router {
  const routes = Router();
  routes.post('/tasks', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    const [receipt] = await submitTasks(actor, [SubmitTask.parse(req.body)], idempotencyKey(req));
    res.status(201).location(`/tasks/${receipt?.uuid}`).json(TaskReceipt.parse(receipt));
  });
  routes.post('/tasks/batch', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    const { tasks } = SubmitTasks.parse(req.body);
    res.status(201).json(TaskReceipts.parse({ tasks: await submitTasks(actor, tasks, idempotencyKey(req)) }));
  });
  routes.post('/tasks/wait', async (req, res) => {
    const caller = () => authenticator.caller(req.get('authorization'));
    await caller();
    const { uuids, timeout_ms: timeoutMs } = WaitTasks.parse(req.body);
    // Whoever waits for long may have lost the right to the answer.
    const summaries = async () => reader.summaries(await caller(), uuids);
    const waited = await waitTasks(
      { summaries, events },
      { uuids, timeoutMs, signal: whileAllowed(abandoned(req), caller) },
    );
    res.json(TaskSummaries.parse(waited));
  });
  routes.get('/tasks', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    res.json(TaskPage.parse(await reader.query(actor, TaskQuery.parse(req.query))));
  });
  routes.get('/tasks/count', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    res.json(TaskCount.parse({ count: await reader.count(actor, TaskFilters.parse(req.query)) }));
  });
  routes.get('/tasks/:uuid', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    res.json(TaskDetail.parse(await reader.get(actor, uuidParam(req, 'uuid'))));
  });
  routes.get('/tasks/:uuid/explain', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    res.json(
      TaskExplanation.parse(
        await explainTask({ dataSource, reader, publisher, silentMs }, actor, uuidParam(req, 'uuid')),
      ),
    );
  });
  routes.get('/tasks/:uuid/artifacts/:kind', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    const kind = ArtifactKind.parse(req.params.kind, { error: () => 'use result, exec-log or std-log' });
    res.json(await artifacts.download(actor, uuidParam(req, 'uuid'), kind));
  });
  return routes;
}
