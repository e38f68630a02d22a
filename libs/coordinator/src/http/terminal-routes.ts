import { MitoError } from '@mitosis/domain';
import { operations } from '@mitosis/protocol';
import { findTerminal, type FindTerminalDeps } from '../terminals/find-terminal.js';
import type { Terminals } from '../terminals/terminals.js';
import type { ApiRouter } from './api-router.js';

export interface TerminalRouteDeps extends FindTerminalDeps {
  readonly terminals: Terminals;
}

/**
 * Each request is authorized: a caller who has lost the role types nothing more. The terminal shows the task's output.
 */
export function terminalRoutes(api: ApiRouter, { terminals, ...deps }: TerminalRouteDeps): void {
  const ops = operations.tasks;
  api.mount(ops.openTerminal, async ({ actor, params, body, signal }) => {
    const { wait_ms: waitMs, ...size } = body;
    const task = params.uuid;
    const { worker, attempt } = await findTerminal(deps, actor, { task, waitMs, signal });
    const { offset } = await terminals.operate(worker, { task, attempt }, { size }, signal);
    return { attempt, offset };
  });
  api.mount(ops.type, async ({ actor, params, body, signal }) => {
    const { attempt, ...typed } = body;
    const task = params.uuid;
    const place = await findTerminal(deps, actor, { task, waitMs: 0, signal });
    if (place.attempt !== attempt)
      throw new MitoError(
        'conflict',
        'terminal_ended',
        `attempt ${attempt} has ended: it is ${place.attempt} that runs`,
      );
    const { taken } = await terminals.operate(place.worker, { task, attempt }, { typed }, signal);
    return { taken };
  });
}
