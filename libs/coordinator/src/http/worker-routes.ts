import { Router } from 'express';
import type { z } from 'zod';
import {
  ClaimBatch,
  RegisterWorker,
  ReportAnswer,
  ReportBatch,
  SubtaskResults,
  SubtaskResultsQuery,
  WorkerRegistration,
  type ClaimAnswer,
} from '@mitosis/protocol';
import type { Authenticator } from '../auth/authenticator.js';
import type { claimTasksWith } from '../tasks/claim-tasks.js';
import type { takeReportsWith } from '../tasks/read-reports.js';
import { whileLeased, type ResumeAttempts } from '../tasks/resume-attempts.js';
import type { WorkerRegistry } from '../workers/register-worker.js';
import type { readSubtaskResultsWith } from '../workloads/read-subtask-results.js';

export interface WorkerRouteDeps {
  readonly authenticator: Authenticator;
  readonly registry: WorkerRegistry;
  readonly claimTasks: ReturnType<typeof claimTasksWith>;
  readonly takeReports: ReturnType<typeof takeReportsWith>;
  readonly resumeAttempts: ResumeAttempts;
  readonly readSubtaskResults: ReturnType<typeof readSubtaskResultsWith>;
}

export function workerRoutes({
  authenticator,
  registry,
  claimTasks,
  takeReports,
  resumeAttempts,
  readSubtaskResults,
}: WorkerRouteDeps): Router {
  const routes = Router();
  routes.post('/workers', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const registration = await registry.register(actor, RegisterWorker.parse(req.body));
    res.status(201).json(WorkerRegistration.parse(registration));
  });
  routes.delete('/workers/me', async (req, res) => {
    const { workerId } = await authenticator.worker(req.get('authorization'));
    await registry.unregister(workerId);
    res.status(204).end();
  });
  routes.post('/workers/me/renewal', async (req, res) => {
    const worker = await authenticator.worker(req.get('authorization'));
    res.json(WorkerRegistration.parse(await registry.renew(worker)));
  });
  routes.post('/workers/me/claims', async (req, res) => {
    const worker = await authenticator.worker(req.get('authorization'));
    const { claims } = ClaimBatch.parse(req.body);
    res.json({ claimed: await claimTasks(worker, claims) } satisfies z.output<typeof ClaimAnswer>);
  });
  // The lease in each report is what counts: a worker delivers what it did under an earlier name, too.
  routes.post('/workers/me/reports', async (req, res) => {
    await authenticator.worker(req.get('authorization'));
    const { reports } = ReportBatch.parse(req.body);
    res.json(ReportAnswer.parse(await takeReports(reports)));
  });
  routes.post('/workers/me/subtask-results', async (req, res) => {
    await authenticator.worker(req.get('authorization'));
    const query = SubtaskResultsQuery.parse(req.body);
    const { task, attempt, lease } = query;
    const results = await whileLeased(resumeAttempts, { task, attempt, lease }, () => readSubtaskResults(query));
    res.json(SubtaskResults.parse(results));
  });
  return routes;
}
