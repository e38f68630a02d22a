import { MitoError } from '@mitosis/domain';
import type { Execution, ExecutionResult } from '@mitosis/executor';
import type { StreamWish } from '@mitosis/protocol';
import type { Ended, ServedStream } from './served-stream.js';

type Command = Extract<StreamWish, { kind: 'exec' }>;

const DEFAULT_TERM = 'xterm-256color';

/** Runs a command beside a task until it ends, with the person at the other end as its input and output. */
export async function serveCommand(stream: ServedStream, execution: Execution, command: Command): Promise<Ended> {
  const { args, pty, term = DEFAULT_TERM } = command;
  const spec = { args, ...(pty && { pty, env: { TERM: term } }) };
  const guest = execution.startGuest(spec, async (channel, bytes) => void (await stream.write(bytes, channel)));
  const leave = (): void => {
    // With its task it ends by itself.
    const { code } = stream.signal.reason as MitoError;
    if (code !== 'task_ended') guest.end('whoever started it has gone');
  };
  stream.signal.addEventListener('abort', leave, { once: true });
  if (stream.signal.aborted) leave();
  stream.opened({
    data: (data) => guest.give({ data }),
    end: () => guest.give({ isEnd: true }),
    resize: (size) => void guest.give({ size }),
  });
  return endOf(await guest.result);
}

function endOf({ outcome, exitCode, signal, message }: ExecutionResult): Ended {
  if (outcome === 'exited') return { exitCode, signal };
  if (outcome === 'spawn_failed')
    throw new MitoError('invalid', 'command_not_started', message ?? 'it was not started');
  throw new MitoError('conflict', 'task_ended', 'the task has ended, and the command with it');
}
