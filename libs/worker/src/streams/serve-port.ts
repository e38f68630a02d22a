import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MitoError } from '@mitosis/domain';
import { listeningPorts, type Execution } from '@mitosis/executor';
import type { Ended, ServedStream } from './served-stream.js';

const HOST = '127.0.0.1';

/** Throws `port_closed`, with the ports that there are. Returns false where the owner of a port can't be told. */
async function assertListening(execution: Execution, port: number): Promise<boolean> {
  const found = listeningPorts(await execution.pids(), execution.scratch);
  if (found === undefined) return false;
  if (found.includes(port)) return true;
  const others = found.length === 0 ? 'it listens on none' : `it listens on ${found.join(', ')}`;
  throw portClosed(port, others);
}

function portClosed(port: number, why: string): MitoError {
  return new MitoError('conflict', 'port_closed', `no process of the task listens on port ${port} of ${HOST}: ${why}`);
}

async function connectTo(port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host: HOST, port, allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    signal.throwIfAborted();
    throw portClosed(port, error instanceof Error && 'code' in error ? String(error.code) : 'no connection');
  }
}

/** One connection to a port on which the task listens, until both directions have ended. */
export async function serveConnection(stream: ServedStream, execution: Execution, port: number): Promise<Ended> {
  await assertListening(execution, port);
  const socket = await connectTo(port, stream.signal);
  const leave = (): void => void socket.destroy();
  stream.signal.addEventListener('abort', leave, { once: true });
  if (stream.signal.aborted) leave();
  // How it ended is told by the loop below.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  stream.opened({ data: (bytes) => give(socket, bytes), end: () => void socket.end() });
  try {
    // The other direction continues after the end of this one.
    for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
      if (!(await stream.write(bytes))) break;
    stream.finish();
  } catch (error) {
    stream.signal.throwIfAborted();
    throw new MitoError(
      'unavailable',
      'stream_lost',
      `the task has broken the connection (${(error as Error).message})`,
    );
  }
  await closed;
  return {};
}

/** Waits for a program that does not read. What comes after it has closed the connection is nobody's. */
function give(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

/** Stays until the task has ended, or nobody watches. */
export async function watchPort(stream: ServedStream, execution: Execution, port: number): Promise<Ended> {
  if (!(await assertListening(execution, port))) (await connectTo(port, stream.signal)).destroy();
  const { signal } = stream;
  const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  signal.throwIfAborted();
  stream.opened();
  await left;
  return {};
}
