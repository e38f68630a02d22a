import { Router, type Request } from 'express';
import {
  CancelAnswer,
  CancelTask,
  SubmitWorkload,
  WaitWorkload,
  WorkloadPage,
  WorkloadQuery,
  WorkloadTasks,
  WorkloadView,
} from '@mitosis/protocol';
import type { Authenticator, UserActor } from '../auth/authenticator.js';
import type { cancelWorkloadWith } from '../workloads/cancel-workload.js';
import type { WorkloadReader } from '../workloads/read-workloads.js';
import type { submitWorkloadWith } from '../workloads/submit-workload.js';
import { abandoned, idempotencyKey, uuidParam } from './parse-request.js';
import { whileAllowed } from './while-allowed.js';

export interface WorkloadRouteDeps {
  readonly authenticator: Authenticator;
  readonly reader: WorkloadReader;
  readonly submit: ReturnType<typeof submitWorkloadWith>;
  readonly cancel: ReturnType<typeof cancelWorkloadWith>;
}

export function workloadRoutes({ authenticator, reader, submit, cancel }: WorkloadRouteDeps): Router {
  const routes = Router();
  const user = (req: Request): Promise<UserActor> => authenticator.user(req.get('authorization'));
  routes.post('/workloads', async (req, res) => {
    const actor = await user(req);
    const uuid = await submit(actor, SubmitWorkload.parse(req.body), idempotencyKey(req));
    res
      .status(201)
      .location(`/workloads/${uuid}`)
      .json(WorkloadView.parse(await reader.get(actor, uuid)));
  });
  routes.get('/workloads', async (req, res) => {
    res.json(WorkloadPage.parse(await reader.query(await user(req), WorkloadQuery.parse(req.query))));
  });
  routes.get('/workloads/:uuid', async (req, res) => {
    res.json(WorkloadView.parse(await reader.get(await user(req), uuidParam(req, 'uuid'))));
  });
  routes.get('/workloads/:uuid/tasks', async (req, res) => {
    res.json(WorkloadTasks.parse({ tasks: await reader.tasks(await user(req), uuidParam(req, 'uuid')) }));
  });
  routes.post('/workloads/:uuid/wait', async (req, res) => {
    const actor = () => user(req);
    await actor();
    const { seen_done: seenDone, timeout_ms: timeoutMs } = WaitWorkload.parse(req.body);
    const uuid = uuidParam(req, 'uuid');
    // Whoever waits for long may have lost the right to the answer.
    const signal = whileAllowed(abandoned(req), async () => reader.get(await actor(), uuid));
    res.json(WorkloadView.parse(await reader.wait(actor, uuid, { seenDone, timeoutMs, signal })));
  });
  routes.post('/workloads/:uuid/cancel', async (req, res) => {
    const { reason } = CancelTask.parse(req.body ?? {});
    res.json(CancelAnswer.parse(await cancel(await user(req), uuidParam(req, 'uuid'), reason)));
  });
  return routes;
}
