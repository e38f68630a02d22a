import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Service } from '@mitosis/domain';

/** Serves `/metrics` and `/health` on a port of their own, to whoever reaches it. */
export class MetricsServer implements Service {
  private readonly server: Server;

  constructor(
    private readonly bind: { readonly host: string; readonly port: number },
    registry: Registry,
  ) {
    this.server = createServer((req, res) => {
      if (req.url === '/health') return void res.setHeader('Content-Type', 'application/json').end('{"status":"ok"}');
      if (req.url !== '/metrics') return void res.writeHead(404).end();
      registry.metrics().then(
        (text) => res.setHeader('Content-Type', registry.contentType).end(text),
        () => res.writeHead(500).end(),
      );
    });
  }

  async start(): Promise<void> {
    this.server.listen(this.bind.port, this.bind.host);
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}/metrics`;
  }
}
