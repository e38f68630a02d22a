import { operations } from '@mitosis/protocol';
import type { Users } from '../access/users.js';
import type { AuditLog } from '../audit/audit-log.js';
import { demand } from '../auth/demand.js';
import type { ApiRouter } from './api-router.js';

export interface UserRouteDeps {
  readonly users: Users;
  readonly audit: AuditLog;
}

export function userRoutes(api: ApiRouter, { users, audit }: UserRouteDeps): void {
  const ops = operations.users;
  api.mount(ops.query, ({ actor, query }) => users.query(actor, query));
  api.mount(ops.create, ({ actor, body }) => users.create(actor, body));
  api.mount(ops.get, ({ actor, params }) => users.get(actor, params.username));
  api.mount(ops.update, ({ actor, params, body }) => users.update(actor, params.username, body));
  api.mount(ops.resetPassword, ({ actor, params, body }) => users.resetPassword(actor, params.username, body.password));
  api.mount(ops.delete, ({ actor, params }) => users.remove(actor, params.username));
  api.mount(operations.audit.query, ({ actor, query }) => {
    demand(actor, { action: 'audit.read' });
    return audit.query(query);
  });
}
