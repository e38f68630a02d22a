import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError } from '@mitosis/domain';
import { listeningPorts, type Execution } from '@mitosis/executor';
import type { Ended, ServedStream } from './served-stream.js';

const HOST = '127.0.0.1';

type Ports = readonly number[] | undefined;

/** A look that found the port counts for so long, and there is none more often. */
const REST_MS = 1_000;

/**
 * Finds the ports of one attempt for all who ask. A look goes through all processes of the machine, and nothing else
 * runs in the worker meanwhile: a page that opens hundreds of connections must not keep it from its heartbeats.
 */
export class PortFinder {
  private last: { readonly at: number; readonly ports: Promise<Ports> } | undefined;
  private next: Promise<Ports> | undefined;

  constructor(private readonly look: () => Promise<Ports>) {}

  /** The ports there are; when `port` is none of them, they were looked up after the call. */
  async around(port: number): Promise<Ports> {
    if (this.last && performance.now() - this.last.at < REST_MS) {
      const ports = await this.last.ports;
      if (!ports || ports.includes(port)) return ports;
    }
    this.next ??= this.lookAgain();
    return this.next;
  }

  private async lookAgain(): Promise<Ports> {
    // Whoever asks meanwhile shares it.
    await delay(this.last ? Math.max(0, this.last.at + REST_MS - performance.now()) : 0);
    this.next = undefined;
    const last = { at: performance.now(), ports: this.look() };
    this.last = last;
    try {
      return await last.ports;
    } catch (error) {
      if (this.last === last) this.last = undefined;
      throw error;
    }
  }
}

const finders = new WeakMap<Execution, PortFinder>();

function finderOf(execution: Execution): PortFinder {
  const known = finders.get(execution);
  if (known) return known;
  const finder = new PortFinder(async () => listeningPorts(await execution.pids(), execution.scratch));
  finders.set(execution, finder);
  return finder;
}

/** Throws `port_closed`, with the ports that there are. Returns false where the owner of a port can't be told. */
async function assertListening(execution: Execution, port: number): Promise<boolean> {
  const found = await finderOf(execution).around(port);
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
