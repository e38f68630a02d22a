import { operations } from '@mitosis/protocol';
import type { Groups } from '../access/groups.js';
import type { Members } from '../access/members.js';
import type { ApiRouter } from './api-router.js';

export interface GroupRouteDeps {
  readonly groups: Groups;
  readonly members: Members;
}

export function groupRoutes(api: ApiRouter, { groups, members }: GroupRouteDeps): void {
  const ops = operations.groups;
  api.mount(ops.query, ({ actor, query }) => groups.query(actor, query));
  api.mount(ops.create, ({ actor, body }) => groups.create(actor, body.name));
  api.mount(ops.get, ({ actor, params }) => groups.get(actor, params.name));
  api.mount(ops.update, ({ actor, params, body }) => groups.update(actor, params.name, body));
  api.mount(ops.delete, ({ actor, params }) => groups.remove(actor, params.name));
  api.mount(ops.quotas, ({ actor, params, body }) => groups.setQuotas(actor, params.name, body));
  api.mount(ops.limits, ({ actor, params, body }) => groups.setLimits(actor, params.name, body));
  api.mount(ops.members, ({ actor, params }) => members.list(actor, params.name));
  api.mount(ops.updateMembers, ({ actor, params, body }) => members.update(actor, params.name, body.members));
  api.mount(ops.removeMember, ({ actor, params }) => members.remove(actor, params.name, params.username));
}
