import type { DataSource } from 'typeorm';
import type { ObjectStore } from '@mitosis/object-store';
import { operations } from '@mitosis/protocol';
import type { changeJobWith } from '../jobs/change-job.js';
import { readJobEfficiency } from '../jobs/job-efficiency.js';
import { readJobFailures } from '../jobs/job-failures.js';
import { readJobResults } from '../jobs/job-results.js';
import type { JobReader } from '../jobs/read-jobs.js';
import { readUsage } from '../jobs/read-usage.js';
import type { retryFailedWith } from '../jobs/retry-failed.js';
import type { JobSubmitter } from '../jobs/submit-jobs.js';
import type { Suspension } from '../jobs/suspension.js';
import type { TaskCanceller } from '../tasks/cancel-tasks.js';
import type { ApiRouter } from './api-router.js';

export interface JobRouteDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly jobs: JobSubmitter;
  readonly jobReader: JobReader;
  readonly changeJob: ReturnType<typeof changeJobWith>;
  readonly canceller: TaskCanceller;
  readonly retryFailed: ReturnType<typeof retryFailedWith>;
  readonly suspension: Suspension;
}

export function jobRoutes(api: ApiRouter, deps: JobRouteDeps): void {
  const { dataSource, jobs, jobReader: reader, canceller, retryFailed } = deps;
  const ops = operations.jobs;
  api.mount(ops.create, ({ actor, body, idempotencyKey }) => jobs.create(actor, body, idempotencyKey));
  api.mount(ops.query, ({ actor, query }) => reader.query(actor, query));
  api.mount(ops.get, ({ params: { uuid }, query, again, whileAllowed }) => {
    const signal = whileAllowed(async () => reader.row(await again(), uuid));
    return reader.wait(again, uuid, query.wait_ms, signal);
  });
  api.mount(ops.change, ({ actor, params, body }) => deps.changeJob(actor, params.uuid, body));
  api.mount(ops.addTasks, async ({ actor, params, body, idempotencyKey }) => ({
    tasks: await jobs.add(actor, params.uuid, body, idempotencyKey),
  }));
  api.mount(ops.results, ({ actor, params, query }) =>
    readJobResults({ dataSource, reader }, actor, params.uuid, query),
  );
  api.mount(ops.failures, ({ actor, params }) =>
    readJobFailures({ dataSource, reader, store: deps.store }, actor, params.uuid),
  );
  api.mount(ops.efficiency, ({ actor, params }) => readJobEfficiency({ dataSource, reader }, actor, params.uuid));
  api.mount(operations.usage.table, ({ actor, query }) => readUsage(dataSource, actor, query));
  api.mount(ops.close, async ({ actor, params }) => {
    await jobs.close(actor, params.uuid);
    return reader.get(actor, params.uuid);
  });
  api.mount(ops.cancel, async ({ actor, params: { uuid: job }, body }) => {
    await jobs.close(actor, job, 'task.cancel');
    return canceller.found(actor, { job }, body.reason);
  });
  api.mount(ops.retryFailed, async ({ actor, params }) => ({ retried: await retryFailed(actor, params.uuid) }));
  suspensionRoutes(api, deps.suspension);
}

function suspensionRoutes(api: ApiRouter, suspension: Suspension): void {
  const { jobs, groups } = operations;
  api.mount(jobs.suspend, async ({ actor, params }) => {
    await suspension.suspendJob(actor, params.uuid);
    return { is_suspended: true };
  });
  api.mount(jobs.resume, async ({ actor, params }) => {
    await suspension.resumeJob(actor, params.uuid);
    return { is_suspended: false };
  });
  api.mount(groups.suspend, async ({ actor, params }) => {
    await suspension.suspendGroup(actor, params.name);
    return { is_suspended: true };
  });
  api.mount(groups.resume, async ({ actor, params }) => {
    await suspension.resumeGroup(actor, params.name);
    return { is_suspended: false };
  });
}
