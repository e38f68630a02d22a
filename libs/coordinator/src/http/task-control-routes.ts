import { Router } from 'express';
import { CancelAnswer, CancelResult, CancelTask, CancelTasks, ChangeTask, TaskDetail } from '@mitosis/protocol';
import type { Authenticator, UserActor } from '../auth/authenticator.js';
import type { TaskCanceller } from '../tasks/cancel-tasks.js';
import type { changeTaskWith } from '../tasks/change-task.js';
import type { TaskReader } from '../tasks/read-tasks.js';
import { uuidParam } from './parse-request.js';

export interface TaskControlRouteDeps {
  readonly authenticator: Authenticator;
  readonly canceller: TaskCanceller;
  readonly changeTask: ReturnType<typeof changeTaskWith>;
  readonly reader: TaskReader;
}

function cancelMany(
  canceller: TaskCanceller,
  actor: UserActor,
  { uuids, filter, reason, dry_run: isDryRun }: CancelTasks,
): Promise<CancelAnswer> {
  if (uuids) return isDryRun ? canceller.previewNamed(actor, uuids) : canceller.named(actor, uuids, reason);
  // The schema lets a request without a filter pass only with an explicit "all".
  const filters = filter ?? {};
  return isDryRun ? canceller.previewFound(actor, filters) : canceller.found(actor, filters, reason);
}

export function taskControlRoutes({ authenticator, canceller, changeTask, reader }: TaskControlRouteDeps): Router {
  const routes = Router();
  routes.post('/tasks/cancel', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    res.json(CancelAnswer.parse(await cancelMany(canceller, actor, CancelTasks.parse(req.body))));
  });
  routes.post('/tasks/:uuid/cancel', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    const { reason } = CancelTask.parse(req.body ?? {});
    res.json(CancelResult.parse(await canceller.one(actor, uuidParam(req, 'uuid'), reason)));
  });
  routes.patch('/tasks/:uuid', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    const uuid = uuidParam(req, 'uuid');
    await changeTask(actor, uuid, ChangeTask.parse(req.body));
    res.json(TaskDetail.parse(await reader.get(actor, uuid)));
  });
  return routes;
}
