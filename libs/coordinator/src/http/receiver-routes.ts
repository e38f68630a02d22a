import { operations } from '@mitosis/protocol';
import type { Receivers } from '../notifications/receivers.js';
import type { ApiRouter } from './api-router.js';

export function receiverRoutes(api: ApiRouter, receivers: Receivers): void {
  const ops = operations.receivers;
  api.mount(ops.list, async ({ actor, query }) => ({ receivers: await receivers.list(actor, query.group) }));
  api.mount(ops.create, ({ actor, body }) => receivers.create(actor, body));
  api.mount(ops.change, ({ actor, params, body }) => receivers.change(actor, params.uuid, body));
  api.mount(ops.delete, ({ actor, params }) => receivers.delete(actor, params.uuid));
  api.mount(ops.test, ({ actor, params, signal }) => receivers.test(actor, params.uuid, signal));
  api.mount(ops.deliveries, ({ actor, params, query }) => receivers.deliveries(actor, params.uuid, query));
}
