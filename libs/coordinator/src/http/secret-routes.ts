import { operations } from '@mitosis/protocol';
import type { GroupSecrets } from '../secrets/group-secrets.js';
import type { ApiRouter } from './api-router.js';

export function secretRoutes(api: ApiRouter, { secrets }: { readonly secrets: GroupSecrets }): void {
  const ops = operations.secrets;
  api.mount(ops.list, async ({ actor, params }) => ({ secrets: await secrets.list(actor, params.name) }));
  api.mount(ops.set, ({ actor, params, body }) => secrets.set(actor, params.name, params.secret, body.value));
  api.mount(ops.delete, ({ actor, params }) => secrets.delete(actor, params.name, params.secret));
}
