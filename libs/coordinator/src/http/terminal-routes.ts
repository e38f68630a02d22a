import { Router } from 'express';
import { MitoError } from '@mitosis/domain';
import { OpenTerminal, TerminalOpened, TypedInTerminal, TypeInTerminal } from '@mitosis/protocol';
import type { Authenticator } from '../auth/authenticator.js';
import { findTerminal, type FindTerminalDeps } from '../terminals/find-terminal.js';
import type { Terminals } from '../terminals/terminals.js';
import { abandoned, uuidParam } from './parse-request.js';

export interface TerminalRouteDeps extends FindTerminalDeps {
  readonly authenticator: Authenticator;
  readonly terminals: Terminals;
}

/** Every request is judged anew: who has lost the role types nothing more. What is shown there is the task's output. */
export function terminalRoutes({ authenticator, terminals, ...deps }: TerminalRouteDeps): Router {
  const routes = Router();
  routes.post('/tasks/:uuid/terminal', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const [task, signal] = [uuidParam(req, 'uuid'), abandoned(req)];
    const { wait_ms: waitMs, ...size } = OpenTerminal.parse(req.body);
    const { worker, attempt } = await findTerminal(deps, actor, { task, waitMs, signal });
    const { offset } = await terminals.operate(worker, { task, attempt }, { size }, signal);
    res.json(TerminalOpened.parse({ attempt, offset }));
  });
  routes.post('/tasks/:uuid/terminal/input', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const [task, signal] = [uuidParam(req, 'uuid'), abandoned(req)];
    const { attempt, ...typed } = TypeInTerminal.parse(req.body);
    const place = await findTerminal(deps, actor, { task, waitMs: 0, signal });
    if (place.attempt !== attempt)
      throw new MitoError(
        'conflict',
        'terminal_ended',
        `attempt ${attempt} has ended: it is ${place.attempt} that runs`,
      );
    const { taken } = await terminals.operate(place.worker, { task, attempt }, { typed }, signal);
    res.json(TypedInTerminal.parse({ taken }));
  });
  return routes;
}
