import { operations } from '@mitosis/protocol';
import type { Schedules } from '../schedules/schedules.js';
import type { ApiRouter } from './api-router.js';

export function scheduleRoutes(api: ApiRouter, schedules: Schedules): void {
  const ops = operations.schedules;
  api.mount(ops.create, ({ actor, body }) => schedules.create(actor, body));
  api.mount(ops.query, ({ actor, query }) => schedules.query(actor, query));
  api.mount(ops.get, ({ actor, params }) => schedules.get(actor, params.uuid));
  api.mount(ops.pause, ({ actor, params }) => schedules.pause(actor, params.uuid));
  api.mount(ops.resume, ({ actor, params }) => schedules.resume(actor, params.uuid));
  api.mount(ops.runNow, ({ actor, params }) => schedules.runNow(actor, params.uuid));
  api.mount(ops.delete, ({ actor, params }) => schedules.delete(actor, params.uuid));
}
