import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Scope } from '@mitosis/testing';

/** Spreads connections over several ports of this machine; one that refuses is skipped. */
export class Balancer {
  private readonly sockets = new Set<Socket>();
  private next = 0;

  private constructor(
    private readonly server: Server,
    private readonly ports: readonly number[],
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  static async start(scope: Scope, ports: readonly number[]): Promise<Balancer> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const balancer = new Balancer(server, ports);
    scope.teardown(() => balancer.stop());
    return balancer;
  }

  get port(): number {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the balancer does not listen');
    return address.port;
  }

  private async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(client: Socket): void {
    this.keep(client);
    this.next = (this.next + 1) % this.ports.length;
    this.dial(client, this.next, this.ports.length);
  }

  private dial(client: Socket, index: number, triesLeft: number): void {
    if (triesLeft === 0 || client.destroyed) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ host: '127.0.0.1', port: this.ports[index] as number, allowHalfOpen: true });
    this.keep(target);
    const tryNext = (): void => this.dial(client, (index + 1) % this.ports.length, triesLeft - 1);
    target.once('error', tryNext);
    target.once('connect', () => {
      target.off('error', tryNext);
      join(client, target);
    });
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.setNoDelay(true).on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}

/** Passes on everything in both directions; a side that breaks breaks the other. */
function join(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  one.on('close', () => other.destroy());
  other.on('close', () => one.destroy());
}
