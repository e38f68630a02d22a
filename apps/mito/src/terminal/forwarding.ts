import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { MitosisClient, TaskSocket } from '@mitosis/client';
import { anySignal, invalidField, MitoError } from '@mitosis/domain';
import { abortOnInterrupt } from '../output/interrupted.js';

export interface ForwardingOptions {
  readonly api: MitosisClient;
  readonly uuid: string;
  /** The port of the task. */
  readonly remote: number;
  readonly listen: { readonly host: string; readonly port: number };
  readonly signal: AbortSignal | undefined;
  note(text: string): void;
}

/** Connections at a time. */
const CONNECTIONS_MAX = 200;

/** Passes connections to a port of this machine on to a port of a running task. */
export class Forwarding {
  private readonly left = new AbortController();
  private readonly connections = new Set<Socket>();
  private told: string | undefined;

  constructor(private readonly options: ForwardingOptions) {}

  /**
   * Until the task ends. `onListening` hears where it listens. Throws `port_closed`, and `Interrupted` after Ctrl-C.
   */
  async run(onListening: (address: string) => void): Promise<void> {
    const { api, uuid, remote, note } = this.options;
    const stopListening = abortOnInterrupt(this.left);
    const signal = this.options.signal ? anySignal([this.options.signal, this.left.signal]) : this.left.signal;
    try {
      const watch = await api.running.watchPort(uuid, remote, { signal });
      const server = await this.listen();
      try {
        onListening(addressOf(server));
        await watch.ended;
        note('the task has ended');
      } finally {
        server.close();
        for (const connection of this.connections) connection.destroy();
      }
    } finally {
      this.left.abort();
      stopListening();
    }
  }

  private async listen(): Promise<Server> {
    const { host, port } = this.options.listen;
    const server = createServer({ allowHalfOpen: true }, (socket) => void this.take(socket));
    server.maxConnections = CONNECTIONS_MAX;
    try {
      server.listen(port, host);
      await once(server, 'listening');
      return server;
    } catch (error) {
      throw cantListen(error, host, port);
    }
  }

  private async take(local: Socket): Promise<void> {
    this.connections.add(local);
    local.once('close', () => this.connections.delete(local));
    // Its end is told by `close`.
    local.on('error', () => undefined);
    try {
      await this.join(local);
    } catch (error) {
      if (!this.left.signal.aborted) this.tell(error);
    } finally {
      local.destroy();
    }
  }

  /** One connection; either direction may end before the other. */
  private async join(local: Socket): Promise<void> {
    const { api, uuid, remote } = this.options;
    const gone = new AbortController();
    local.once('close', () => gone.abort());
    const socket = await api.running.connect(uuid, remote, {
      signal: anySignal([this.left.signal, gone.signal]),
      onData: (bytes) => give(local, bytes),
      onEnd: () => void local.end(),
    });
    const ended = socket.ended.catch((error: unknown) => {
      if (!gone.signal.aborted) throw error;
    });
    await Promise.all([ended, this.send(local, socket)]);
  }

  private async send(local: Socket, socket: TaskSocket): Promise<void> {
    try {
      for await (const bytes of local.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
        await socket.write(bytes);
      socket.finish();
    } catch {
      // The program here has broken its connection: that ends the other side as well.
      local.destroy();
    }
  }

  /** Once for all connections that fail for the same reason. */
  private tell(error: unknown): void {
    const message = error instanceof MitoError ? error.message : String(error);
    if (message !== this.told) this.options.note(`a connection failed: ${message}`);
    this.told = message;
  }
}

function give(local: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => local.write(bytes, () => resolve()));
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function cantListen(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return new MitoError(
      'conflict',
      'port_in_use',
      `port ${port} of ${host} is in use here; choose another one with LOCAL:PORT`,
    );
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EINVAL')
    return invalidField('--address', `"${host}" is not an address of this machine`);
  if (code === 'EACCES')
    return invalidField('port', `port ${port} needs more rights here; choose another one with LOCAL:PORT`);
  return error;
}
