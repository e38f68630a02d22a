import { Router } from 'express';
import { CancelAnswer, CancelResult, CancelTask, CancelTasks, ChangeTask, TaskDetail } from '@mitosis/protocol';
import type { Authenticator } from '../auth/authenticator.js';
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

export function taskControlRoutes({ authenticator, canceller, changeTask, reader }: TaskControlRouteDeps): Router {
  const routes = Router();
  routes.post('/tasks/cancel', async (req, res) => {
    const actor = await authenticator.caller(req.get('authorization'));
    const { uuids, filter, reason } = CancelTasks.parse(req.body);
    const answer = uuids
      ? await canceller.named(actor, uuids, reason)
      : await canceller.found(actor, filter ?? {}, reason);
    res.json(CancelAnswer.parse(answer));
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
