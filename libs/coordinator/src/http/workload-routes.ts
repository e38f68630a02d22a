import { SubmitWorkload, WaitWorkload, WorkloadTasks, WorkloadView } from '@mitosis/protocol';
import { Router } from 'express';
import type { Authenticator } from '../auth/authenticator.js';
import type { WorkloadService } from '../workloads/workload-service.js';
import { abandoned, uuidParam } from './parse-request.js';

export interface WorkloadRouteDeps {
  readonly authenticator: Authenticator;
  readonly workloads: WorkloadService;
}

export function workloadRoutes({ authenticator, workloads }: WorkloadRouteDeps): Router {
  const routes = Router();
  routes.post('/workloads', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const workload = await workloads.submit(actor, SubmitWorkload.parse(req.body));
    res.status(201).location(`/workloads/${workload.uuid}`).json(WorkloadView.parse(workload));
  });
  routes.get('/workloads/:uuid', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(WorkloadView.parse(await workloads.get(actor, uuidParam(req, 'uuid'))));
  });
  routes.get('/workloads/:uuid/tasks', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(WorkloadTasks.parse({ tasks: await workloads.tasks(actor, uuidParam(req, 'uuid')) }));
  });
  routes.post('/workloads/:uuid/wait', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { seen_done: seenDone, timeout_ms: timeoutMs } = WaitWorkload.parse(req.body);
    const waited = await workloads.wait(actor, uuidParam(req, 'uuid'), { seenDone, timeoutMs, signal: abandoned(req) });
    res.json(WorkloadView.parse(waited));
  });
  return routes;
}
