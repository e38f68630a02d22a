import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ProxiedConnection } from './proxied-connection.js';
import type { ProxyMode } from './proxy-mode.js';
import type { Scope } from './scope.js';

export interface ProxyTarget {
  readonly host?: string;
  readonly port: number;
}

/** A TCP proxy on 127.0.0.1 that breaks connections on demand. */
export class TcpProxy {
  #mode: ProxyMode = { kind: 'pass' };
  #injected = 0;
  #accepted = 0;
  readonly #connections = new Set<ProxiedConnection>();

  private constructor(
    private readonly server: Server,
    private readonly target: ProxyTarget,
    readonly port: number,
  ) {
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** Starts listening on a free port; `tcpProxy` is the way for tests. */
  static async listen(target: ProxyTarget): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('a TCP server has no port');
    server.unref();
    return new TcpProxy(server, target, address.port);
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  /** Connections open right now. */
  get open(): number {
    return this.#connections.size;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections harmed so far: reset, stalled or robbed of an answer. A fault test that ends with 0 tested nothing. */
  get injected(): number {
    return this.#injected;
  }

  /**
   * Changes the mode, for open connections too. One that lost bytes while half open is reset when traffic flows again.
   */
  set(mode: ProxyMode): void {
    this.#mode = mode;
    for (const connection of [...this.#connections]) connection.apply(mode);
  }

  /** Resets all open connections, once. */
  cut(): void {
    for (const connection of [...this.#connections]) connection.apply({ kind: 'reset' });
  }

  /** Resets what is open and stops listening. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    for (const connection of [...this.#connections]) connection.destroy();
    await closed;
  }

  #accept(client: Socket): void {
    this.#accepted++;
    const connection = new ProxiedConnection(
      client,
      () => connect({ host: this.target.host ?? '127.0.0.1', port: this.target.port, allowHalfOpen: true }),
      {
        harmed: () => void this.#injected++,
        closed: () => void this.#connections.delete(connection),
      },
    );
    this.#connections.add(connection);
    connection.apply(this.#mode);
  }
}

/** A proxy to `target` in mode `pass`, stopped when `scope` ends. */
export async function tcpProxy(scope: Scope, target: ProxyTarget): Promise<TcpProxy> {
  const proxy = await TcpProxy.listen(target);
  scope.teardown(async () => await proxy.stop());
  return proxy;
}
