import { operations } from '@mitosis/protocol';
import type { JobApplier } from '../experiments/apply-job.js';
import type { ExperimentReader } from '../experiments/read-experiments.js';
import type { ApiRouter } from './api-router.js';

export interface ExperimentRouteDeps {
  readonly applier: JobApplier;
  readonly reader: ExperimentReader;
}

export function experimentRoutes(api: ApiRouter, { applier, reader }: ExperimentRouteDeps): void {
  const ops = operations.experiments;
  api.mount(ops.apply, ({ actor, body }) => applier.apply(actor, body));
  api.mount(ops.tasks, ({ actor, params, query }) => reader.tasks(actor, params.name, query));
  api.mount(ops.definition, ({ actor, params }) => reader.definition(actor, params.uuid));
}
