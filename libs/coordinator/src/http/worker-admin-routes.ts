import { Router } from 'express';
import {
  CreatedEnrolment,
  CreateEnrolment,
  EnrollWorker,
  EnrolmentList,
  SteerWorker,
  UpdateWorker,
  UpdateWorkerGroups,
  WorkerPage,
  WorkerQuery,
  WorkerRegistration,
  WorkerView,
} from '@mitosis/protocol';
import type { Authenticator } from '../auth/authenticator.js';
import type { Enrolments } from '../workers/enrolments.js';
import type { WorkerRegistry } from '../workers/register-worker.js';
import type { WorkerAdmin } from '../workers/worker-admin.js';
import { nameParam, uuidParam } from './parse-request.js';

export interface WorkerAdminRouteDeps {
  readonly authenticator: Authenticator;
  readonly registry: WorkerRegistry;
  readonly enrolments: Enrolments;
  readonly workerAdmin: WorkerAdmin;
}

/** How people see and manage workers; mounted after what workers themselves use below `/workers/me`. */
export function workerAdminRoutes({ authenticator, registry, enrolments, workerAdmin }: WorkerAdminRouteDeps): Router {
  const routes = Router();
  routes.post('/workers/enroll', async (req, res) => {
    // A code has 256 bits: there is no use in guessing, and a limit would only keep out those who mean well.
    res.status(201).json(WorkerRegistration.parse(await registry.enroll(EnrollWorker.parse(req.body))));
  });
  routes.get('/workers', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(WorkerPage.parse(await workerAdmin.query(actor, WorkerQuery.parse(req.query))));
  });
  routes.get('/workers/:uuid', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(WorkerView.parse(await workerAdmin.get(actor, uuidParam(req, 'uuid'))));
  });
  routes.patch('/workers/:uuid', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(WorkerView.parse(await workerAdmin.update(actor, uuidParam(req, 'uuid'), UpdateWorker.parse(req.body))));
  });
  routes.post('/workers/:uuid/wanted', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { wanted } = SteerWorker.parse(req.body);
    res.json(WorkerView.parse(await workerAdmin.steer(actor, uuidParam(req, 'uuid'), wanted)));
  });
  routes.delete('/workers/:uuid', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await workerAdmin.revoke(actor, uuidParam(req, 'uuid'));
    res.status(204).end();
  });
  routes.put('/workers/:uuid/groups', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { groups } = UpdateWorkerGroups.parse(req.body);
    res.json(WorkerView.parse(await workerAdmin.updateRoles(actor, uuidParam(req, 'uuid'), groups)));
  });
  routes.delete('/workers/:uuid/groups/:name', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await workerAdmin.removeRole(actor, uuidParam(req, 'uuid'), nameParam(req, 'name'));
    res.status(204).end();
  });
  routes.get('/enrolments', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(EnrolmentList.parse({ enrolments: await enrolments.list(actor) }));
  });
  routes.post('/enrolments', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.status(201).json(CreatedEnrolment.parse(await enrolments.create(actor, CreateEnrolment.parse(req.body))));
  });
  routes.delete('/enrolments/:uuid', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await enrolments.revoke(actor, uuidParam(req, 'uuid'));
    res.status(204).end();
  });
  return routes;
}
