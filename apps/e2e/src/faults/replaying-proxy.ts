import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Scope } from '@mitosis/testing';

const REPLAYED = new Set(['/workers/me/claims', '/workers/me/reports']);

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

/**
 * An HTTP proxy that sends each claim and each report twice and passes on the second answer: the first one was lost.
 */
export class ReplayingProxy {
  replayed = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly port: number,
    private readonly onReplay: () => void,
  ) {
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      this.serve(req, res).catch(() => res.destroy());
    });
    server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => this.upgrade(req, socket, head));
    server.on('connection', (socket) => this.keep(socket));
  }

  static async start(scope: Scope, port: number, onReplay: () => void): Promise<ReplayingProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new ReplayingProxy(server, port, onReplay);
    scope.teardown(() => proxy.stop());
    return proxy;
  }

  get url(): string {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  private async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = Buffer.concat((await req.toArray()) as Buffer[]);
    if (REPLAYED.has(req.url ?? '')) {
      await this.forward(req, body);
      this.replayed += 1;
      this.onReplay();
    }
    const answer = await this.forward(req, body);
    res.writeHead(answer.status, answer.headers).end(answer.body);
  }

  private async forward(req: IncomingMessage, body: Buffer): Promise<Answer> {
    const { 'transfer-encoding': _, ...headers } = req.headers;
    const sent = request({
      host: '127.0.0.1',
      port: this.port,
      method: req.method,
      path: req.url,
      headers: { ...headers, 'content-length': body.length },
    });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const { 'transfer-encoding': __, ...answered } = answer.headers;
    return {
      status: answer.statusCode ?? 502,
      headers: answered,
      body: Buffer.concat((await answer.toArray()) as Buffer[]),
    };
  }

  /** A WebSocket is passed on as it is. */
  private upgrade(req: IncomingMessage, client: Socket, head: Buffer): void {
    const target = connect(this.port, '127.0.0.1');
    this.keep(target);
    const lines = req.rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [`${name}: ${req.rawHeaders[index + 1] ?? ''}`] : [],
    );
    target.write(`${req.method ?? 'GET'} ${req.url ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    target.write(head);
    target.pipe(client);
    client.pipe(target);
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}
