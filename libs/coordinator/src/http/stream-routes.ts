import type { DataSource } from 'typeorm';
import type { WebSocket } from 'ws';
import { invalidField } from '@mitosis/domain';
import { operations, type FromStreamClient, type StreamClosed } from '@mitosis/protocol';
import { findRunning, readRunning, type FindRunningDeps, type RunningPlace } from '../terminals/find-running.js';
import type { StreamHandlers, TaskStream } from '../terminals/task-stream.js';
import type { TaskStreams } from '../terminals/task-streams.js';
import type { ApiRouter, SocketCall } from './api-router.js';
import { StreamSocket } from './stream-socket.js';

export interface StreamRouteDeps extends FindRunningDeps {
  readonly streams: TaskStreams;
}

const ops = operations.tasks;
type Call = SocketCall<typeof ops.exec> | SocketCall<typeof ops.forward>;

/** For the first message of a client. */
const FIRST_MESSAGE_MS = 10_000;

const LOST: StreamClosed = {
  exit_code: null,
  signal: null,
  error: { code: 'role_required', message: 'the right to go into this task was taken away' },
};

/** Fires when the person has gone, or has lost the right to be there. */
function whileAllowed(dataSource: DataSource, call: Call): AbortSignal {
  return call.whileAllowed(async () => readRunning(dataSource, await call.again(), call.params.uuid));
}

type OpenMessage = Extract<FromStreamClient, { type: 'open' }>;

/** One command beside a task, from the first message of its client to its exit code. */
function serveExec(deps: StreamRouteDeps, call: SocketCall<typeof ops.exec>, place: RunningPlace, socket: WebSocket) {
  const signal = whileAllowed(deps.dataSource, call);
  let stream: TaskStream | undefined;
  let isAsked = false;
  const late = setTimeout(() => socket.terminate(), FIRST_MESSAGE_MS);
  const open = async (message: OpenMessage): Promise<void> => {
    if (isAsked) throw invalidField('type', 'the command has been given already');
    isAsked = true;
    clearTimeout(late);
    const { type: _type, ...command } = message;
    call.note({ program: command.args[0], terminal: command.pty !== undefined });
    const onData: StreamHandlers['onData'] = (bytes, channel) => person.send(bytes, channel);
    stream = await deps.streams.open(place, { kind: 'exec', ...command }, { onData }, signal);
    person.say({ type: 'opened', attempt: place.attempt.attempt });
    void stream.closed.then((closed) => person.end(signal.aborted ? LOST : closed));
  };
  const opened = (): TaskStream => {
    if (stream) return stream;
    throw invalidField('type', 'begin with the message "open"');
  };
  const person = new StreamSocket(socket, true, {
    onData: async (bytes) => void (await opened().write(bytes)),
    onMessage: async (message) => {
      if (message.type === 'open') return open(message);
      if (message.type === 'size') opened().resize(message.size);
      else opened().finishWriting();
    },
    onClosed: () => clearTimeout(late),
  });
}

/** One connection to a port of a task, or the wait for its end. */
async function openForward(deps: StreamRouteDeps, call: SocketCall<typeof ops.forward>, place: RunningPlace) {
  const { port, watch } = call.query;
  const signal = whileAllowed(deps.dataSource, call);
  let attach!: (person: StreamSocket) => void;
  // What comes before the client has its WebSocket waits for it.
  const attached = new Promise<StreamSocket>((resolve) => (attach = resolve));
  const kind = watch === 'true' ? 'watch' : 'connect';
  const stream = await deps.streams.open(
    place,
    { kind, port },
    {
      onData: async (bytes) => (await attached).send(bytes),
      onEnd: () => void attached.then((person) => person.say({ type: 'end' })),
    },
    signal,
  );
  if (kind === 'watch') call.note({ port });
  return (socket: WebSocket): void => {
    const person = new StreamSocket(socket, false, {
      onData: async (bytes) => void (await stream.write(bytes)),
      onMessage: async ({ type }) => {
        if (type !== 'end') throw invalidField('type', 'only "end" is sent here');
        stream.finishWriting();
      },
      onClosed: () => undefined,
    });
    person.say({ type: 'opened', attempt: place.attempt.attempt });
    attach(person);
    void stream.closed.then((closed) => person.end(signal.aborted ? LOST : closed));
  };
}

/** Commands beside running tasks and connections to their ports. Whoever has lost the role is cut off within 5 s. */
export function streamRoutes(api: ApiRouter, deps: StreamRouteDeps): void {
  const find = async ({ actor, params, isProbe }: Call): Promise<RunningPlace | undefined> => {
    if (!isProbe) return findRunning(deps, actor, params.uuid);
    await readRunning(deps.dataSource, actor, params.uuid);
    return undefined;
  };
  const nothing = (): void => undefined;
  api.mountSocket(ops.exec, async (call) => {
    const place = await find(call);
    return place ? (socket) => serveExec(deps, call, place, socket) : nothing;
  });
  api.mountSocket(ops.forward, async (call) => {
    const place = await find(call);
    return place ? openForward(deps, call, place) : nothing;
  });
}
