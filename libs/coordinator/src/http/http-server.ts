import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Log, Service } from '@mitosis/domain';
import type { AuditLog } from '../audit/audit-log.js';
import type { CallerAddress } from '../auth/caller-address.js';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';
import { answerErrors, answerNotFound } from './answer-errors.js';
import type { ApiRouter } from './api-router.js';
import { auditRequests } from './audit-requests.js';
import { answerClientError } from './client-error.js';
import { observeRequests } from './observe-requests.js';
import { endSlowBodies, refuseEncodings } from './read-body.js';
import { webPage } from './web-page.js';

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** Certificate with its chain, and key, in PEM format: with them it speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly metrics: Pick<CoordinatorMetrics, 'requested'>;
  readonly addressOf: CallerAddress;
  /** The API, with all that is mounted. */
  readonly api: ApiRouter;
  /** Pages for people: no part of the API. */
  readonly board: Router;
  readonly docs: Router;
  /** What machines fetch that become workers. */
  readonly join: Router;
  /** Serves the folder store's signed URLs, when that is the store. */
  readonly serveObjects?: ((req: IncomingMessage, res: ServerResponse) => Promise<void>) | undefined;
  onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** How long requests that are under way may continue when the server stops. */
const OPEN_REQUESTS_MS = 5_000;

function createApp(options: HttpServerOptions): Express {
  const { log, audit, metrics, api, board, docs, join, serveObjects } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(observeRequests(log, metrics));
  // A lab may have no TLS: its pages have to find their parts all the same.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  app.use(auditRequests(audit, options.addressOf));
  app.use(refuseEncodings, endSlowBodies);
  if (serveObjects) app.use((req, res, next) => (req.url.startsWith('/objects/') ? serveObjects(req, res) : next()));
  app.use(webPage());
  app.use(board);
  app.use(docs);
  app.use(join);
  app.use(api.router());
  app.use(answerNotFound);
  app.use(answerErrors(log));
  return app;
}

/**
 * The HTTP side of the coordinator. `stop` ends WebSockets, streams of events and idle connections at once, all others
 * after 5 s.
 */
export class HttpServer implements Service {
  private readonly server: Server;
  /** Of all kinds: the server waits for those that were upgraded when it closes, but does not close them itself. */
  private readonly connections = new Set<Socket>();
  private readonly upgraded = new Set<Duplex>();
  private readonly responses = new Set<ServerResponse>();
  private isStopping = false;

  constructor(private readonly options: HttpServerOptions) {
    const limits = { requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: 60_000 };
    const app = createApp(options);
    this.server = options.tls
      ? createTlsServer({ ...limits, ...options.tls, minVersion: 'TLSv1.2' }, app)
      : createServer(limits, app);
    this.server.on('clientError', answerClientError);
    this.server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
    this.server.on('request', (_req, res) => {
      this.responses.add(res);
      res.once('close', () => {
        this.responses.delete(res);
        // A connection that was in use when the stop began is kept alive by its client, and would hold the stop up.
        if (this.isStopping) setImmediate(() => this.server.closeIdleConnections());
      });
    });
    this.server.on('upgrade', (req, socket, head) => {
      // A connection that was accepted before may ask for it only now.
      if (this.isStopping) return socket.destroy();
      this.upgraded.add(socket);
      socket.once('close', () => this.upgraded.delete(socket));
      options.onUpgrade(req, socket, head);
    });
  }

  async start(): Promise<void> {
    this.server.listen(this.options.port, this.options.host);
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.isStopping = true;
    this.server.closeIdleConnections();
    for (const socket of this.upgraded) socket.destroy();
    // Those who follow events continue elsewhere, by the id of the last one; a connection that was never used is idle.
    for (const res of this.responses) if (res.getHeader('content-type') === 'text/event-stream') res.destroy();
    for (const socket of this.connections) if (socket.bytesRead === 0) socket.destroy();
    const force = setTimeout(() => {
      for (const socket of this.connections) socket.destroy();
    }, OPEN_REQUESTS_MS);
    await closed;
    clearTimeout(force);
  }

  /** Every route, as `METHOD /path`. */
  get routes(): readonly string[] {
    return this.options.api.routes;
  }

  /** Where it listens, e.g. `http://127.0.0.1:5000`. */
  get url(): string {
    const { address, port, family } = this.server.address() as AddressInfo;
    return `http${this.options.tls ? 's' : ''}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }
}
