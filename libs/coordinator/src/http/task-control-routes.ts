import { MitoError } from '@mitosis/domain';
import { operations, type CancelAnswer, type CancelTasks, type TaskFilters } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { Reruns } from '../jobs/rerun.js';
import type { TaskCanceller } from '../tasks/cancel-tasks.js';
import type { changeTaskWith } from '../tasks/change-task.js';
import type { TaskReader } from '../tasks/read-tasks.js';
import type { ApiRouter } from './api-router.js';

export interface TaskControlRouteDeps {
  readonly canceller: TaskCanceller;
  readonly changeTask: ReturnType<typeof changeTaskWith>;
  readonly reader: TaskReader;
  readonly reruns: Reruns;
}

async function cancelMany(
  canceller: TaskCanceller,
  actor: UserActor,
  { uuids, filter, reason, dry_run: isDryRun, expected_count: expected }: CancelTasks,
): Promise<CancelAnswer> {
  if (uuids) return isDryRun ? canceller.previewNamed(actor, uuids) : canceller.named(actor, uuids, reason);
  // The schema lets a request without a filter pass only with an explicit "all".
  const filters = filter ?? {};
  if (isDryRun) return canceller.previewFound(actor, filters);
  if (expected !== undefined) await assertCount(canceller, actor, { filters, expected });
  return canceller.found(actor, filters, reason);
}

/** Throws `count_changed`: what somebody has looked at is not what would be cancelled now. */
async function assertCount(
  canceller: TaskCanceller,
  actor: UserActor,
  { filters, expected }: { readonly filters: TaskFilters; readonly expected: number },
): Promise<void> {
  const { cancelled, requested } = await canceller.previewFound(actor, filters);
  const count = cancelled + requested;
  if (count === expected) return;
  throw new MitoError(
    'conflict',
    'count_changed',
    `the filter finds ${count} open tasks now, not ${expected}: look at them again`,
    { details: { count } },
  );
}

export function taskControlRoutes(
  api: ApiRouter,
  { canceller, changeTask, reader, reruns }: TaskControlRouteDeps,
): void {
  const ops = operations.tasks;
  api.mount(ops.cancelMany, ({ actor, body }) => cancelMany(canceller, actor, body));
  api.mount(ops.cancel, ({ actor, params, body }) => canceller.one(actor, params.uuid, body.reason));
  api.mount(ops.rerun, ({ actor, params, body, idempotencyKey }) =>
    reruns.task(actor, params.uuid, body, idempotencyKey),
  );
  api.mount(operations.jobs.rerun, ({ actor, params, body, idempotencyKey }) =>
    reruns.job(actor, params.uuid, body, idempotencyKey),
  );
  api.mount(ops.change, async ({ actor, params, body }) => {
    await changeTask(actor, params.uuid, body);
    return reader.get(actor, params.uuid);
  });
}
