import type { z } from 'zod';
import { ClaimBatch, operations, ReportBatch, type ClaimAnswer, type ReportAnswer } from '@mitosis/protocol';
import type { claimTasksWith } from '../attempts/claim-tasks.js';
import type { takeReportsWith } from '../attempts/read-reports.js';
import { whileLeased, type ResumeAttempts } from '../attempts/resume-attempts.js';
import type { WorkerRegistry } from '../workers/register-worker.js';
import type { readSubtaskResultsWith } from '../workloads/read-subtask-results.js';
import type { ApiRouter } from './api-router.js';

export interface WorkerRouteDeps {
  readonly registry: WorkerRegistry;
  readonly claimTasks: ReturnType<typeof claimTasksWith>;
  readonly takeReports: ReturnType<typeof takeReportsWith>;
  readonly resumeAttempts: ResumeAttempts;
  readonly readSubtaskResults: ReturnType<typeof readSubtaskResultsWith>;
}

export function workerRoutes(api: ApiRouter, deps: WorkerRouteDeps): void {
  const { registry, claimTasks, takeReports, resumeAttempts, readSubtaskResults } = deps;
  const ops = operations.workers;
  api.mount(ops.register, ({ actor, body }) => registry.register(actor, body));
  api.mount(ops.unregister, ({ actor }) => registry.unregister(actor.workerId));
  api.mount(ops.renew, ({ actor }) => registry.renew(actor));
  // The batches of claims and reports are judged item by item: a bad item is left out, the others count.
  api.mountRaw(ops.claim, async ({ actor, req, res }) => {
    const { claims } = ClaimBatch.parse(req.body);
    res.json({ claimed: await claimTasks(actor, claims) } satisfies z.output<typeof ClaimAnswer>);
  });
  // The lease in each report is what counts: a worker delivers what it did under an earlier name, too.
  api.mountRaw(ops.report, async ({ req, res }) => {
    const { reports } = ReportBatch.parse(req.body);
    res.json((await takeReports(reports)) satisfies z.output<typeof ReportAnswer>);
  });
  api.mount(ops.subtaskResults, ({ body }) => {
    const { task, attempt, lease } = body;
    return whileLeased(resumeAttempts, { task, attempt, lease }, () => readSubtaskResults(body));
  });
}
