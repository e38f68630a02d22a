import { Router, type Request } from 'express';
import type { DataSource } from 'typeorm';
import {
  AddTasks,
  CancelAnswer,
  CancelTask,
  CreateJob,
  JobPage,
  JobQuery,
  JobReceipt,
  JobResultPage,
  JobResultQuery,
  JobView,
  RetryAnswer,
  SuspensionAnswer,
  TaskReceipts,
  WaitJob,
} from '@mitosis/protocol';
import type { Authenticator, UserActor } from '../auth/authenticator.js';
import { readJobResults } from '../jobs/job-results.js';
import type { JobReader } from '../jobs/read-jobs.js';
import type { retryFailedWith } from '../jobs/retry-failed.js';
import type { JobSubmitter } from '../jobs/submit-jobs.js';
import type { Suspension } from '../jobs/suspension.js';
import type { TaskCanceller } from '../tasks/cancel-tasks.js';
import { abandoned, idempotencyKey, uuidParam } from './parse-request.js';
import { whileAllowed } from './while-allowed.js';

export interface JobRouteDeps {
  readonly authenticator: Authenticator;
  readonly dataSource: DataSource;
  readonly jobs: JobSubmitter;
  readonly jobReader: JobReader;
  readonly canceller: TaskCanceller;
  readonly retryFailed: ReturnType<typeof retryFailedWith>;
  readonly suspension: Suspension;
}

export function jobRoutes(deps: JobRouteDeps): Router {
  const routes = Router();
  const caller = (req: Request): Promise<UserActor> => deps.authenticator.caller(req.get('authorization'));
  routes.post('/jobs', async (req, res) => {
    const receipt = await deps.jobs.create(await caller(req), CreateJob.parse(req.body), idempotencyKey(req));
    res.status(201).location(`/jobs/${receipt.uuid}`).json(JobReceipt.parse(receipt));
  });
  routes.get('/jobs', async (req, res) => {
    res.json(JobPage.parse(await deps.jobReader.query(await caller(req), JobQuery.parse(req.query))));
  });
  routes.get('/jobs/:uuid', async (req, res) => {
    const { wait_ms: waitMs } = WaitJob.parse(req.query);
    const [actor, uuid] = [() => caller(req), uuidParam(req, 'uuid')];
    await actor();
    // Whoever waits for long may have lost the right to the answer.
    const signal = whileAllowed(abandoned(req), async () => deps.jobReader.row(await actor(), uuid));
    res.json(JobView.parse(await deps.jobReader.wait(actor, uuid, waitMs, signal)));
  });
  routes.post('/jobs/:uuid/tasks', async (req, res) => {
    const tasks = await deps.jobs.add(
      await caller(req),
      uuidParam(req, 'uuid'),
      AddTasks.parse(req.body),
      idempotencyKey(req),
    );
    res.status(201).json(TaskReceipts.parse({ tasks }));
  });
  routes.get('/jobs/:uuid/results', async (req, res) => {
    const query = JobResultQuery.parse(req.query);
    const { dataSource, jobReader: reader } = deps;
    res.json(
      JobResultPage.parse(
        await readJobResults({ dataSource, reader }, await caller(req), uuidParam(req, 'uuid'), query),
      ),
    );
  });
  addControls(routes, deps, caller);
  return routes;
}

function addControls(routes: Router, deps: JobRouteDeps, caller: (req: Request) => Promise<UserActor>): void {
  routes.post('/jobs/:uuid/close', async (req, res) => {
    const actor = await caller(req);
    await deps.jobs.close(actor, uuidParam(req, 'uuid'));
    res.json(JobView.parse(await deps.jobReader.get(actor, uuidParam(req, 'uuid'))));
  });
  routes.post('/jobs/:uuid/cancel', async (req, res) => {
    const actor = await caller(req);
    const job = uuidParam(req, 'uuid');
    const { reason } = CancelTask.parse(req.body ?? {});
    await deps.jobs.close(actor, job, 'task.cancel');
    res.json(CancelAnswer.parse(await deps.canceller.found(actor, { job }, reason)));
  });
  routes.post('/jobs/:uuid/retry-failed', async (req, res) => {
    res.json(RetryAnswer.parse({ retried: await deps.retryFailed(await caller(req), uuidParam(req, 'uuid')) }));
  });
  routes.post('/jobs/:uuid/suspend', async (req, res) => {
    await deps.suspension.suspendJob(await caller(req), uuidParam(req, 'uuid'));
    res.json(SuspensionAnswer.parse({ is_suspended: true }));
  });
  routes.post('/jobs/:uuid/resume', async (req, res) => {
    await deps.suspension.resumeJob(await caller(req), uuidParam(req, 'uuid'));
    res.json(SuspensionAnswer.parse({ is_suspended: false }));
  });
  routes.post('/groups/:name/suspend', async (req, res) => {
    await deps.suspension.suspendGroup(await caller(req), String(req.params.name));
    res.json(SuspensionAnswer.parse({ is_suspended: true }));
  });
  routes.post('/groups/:name/resume', async (req, res) => {
    await deps.suspension.resumeGroup(await caller(req), String(req.params.name));
    res.json(SuspensionAnswer.parse({ is_suspended: false }));
  });
}
