import { operations } from '@mitosis/protocol';
import type { Enrolments } from '../workers/enrolments.js';
import type { WorkerRegistry } from '../workers/register-worker.js';
import type { WorkerAdmin } from '../workers/worker-admin.js';
import type { ApiRouter } from './api-router.js';

export interface WorkerAdminRouteDeps {
  readonly registry: WorkerRegistry;
  readonly enrolments: Enrolments;
  readonly workerAdmin: WorkerAdmin;
}

/** How people see and manage workers. */
export function workerAdminRoutes(api: ApiRouter, { registry, enrolments, workerAdmin }: WorkerAdminRouteDeps): void {
  const ops = operations.workers;
  // A code has 256 bits: there is no use in guessing, and a limit would only keep out those who mean well.
  api.mount(ops.enroll, ({ body }) => registry.enroll(body));
  api.mount(ops.resume, ({ body }) => registry.resume(body));
  api.mount(ops.query, ({ actor, query }) => workerAdmin.query(actor, query));
  api.mount(ops.get, ({ actor, params }) => workerAdmin.get(actor, params.uuid));
  api.mount(ops.update, ({ actor, params, body }) => workerAdmin.update(actor, params.uuid, body));
  api.mount(ops.steer, ({ actor, params, body }) => workerAdmin.steer(actor, params.uuid, body.wanted));
  api.mount(ops.revoke, ({ actor, params }) => workerAdmin.revoke(actor, params.uuid));
  api.mount(ops.updateRoles, ({ actor, params, body }) => workerAdmin.updateRoles(actor, params.uuid, body.groups));
  api.mount(ops.removeRole, ({ actor, params }) => workerAdmin.removeRole(actor, params.uuid, params.name));
  const codes = operations.enrolments;
  api.mount(codes.list, async ({ actor }) => ({ enrolments: await enrolments.list(actor) }));
  api.mount(codes.create, ({ actor, body }) => enrolments.create(actor, body));
  api.mount(codes.revoke, ({ actor, params }) => enrolments.revoke(actor, params.uuid));
}
