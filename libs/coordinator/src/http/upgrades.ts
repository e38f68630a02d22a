import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { MitoError } from '@mitosis/domain';
import { withRequestContext, type RequestContext } from '../audit/request-context.js';
import { errorAnswer } from './answer-errors.js';
import type { ApiRouter } from './api-router.js';
import { isRefusal } from './audit-requests.js';
import { CHANNEL_PATH, workerUpgrade, type WorkerUpgradeDeps } from './worker-upgrade.js';

/** Arguments of a command, or a piece of data. */
const MESSAGE_LIMIT_BYTES = 2_097_152;

type OnUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface UpgradesDeps extends WorkerUpgradeDeps {
  readonly api: ApiRouter;
}

function refuse(socket: Duplex, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n`;
  socket.end(Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]));
}

/**
 * Requests that become a WebSocket: the channel of a worker, or an operation of the API. An operation is authorized
 * before the upgrade, and what it refuses is an error in JSON as everywhere.
 */
export function upgrades({ api, ...deps }: UpgradesDeps): OnUpgrade {
  const { audit, log, addressOf } = deps;
  const worker = workerUpgrade(deps);
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT_BYTES });
  const notFound = (path: string): MitoError =>
    new MitoError('not-found', 'no_such_route', `there is no WebSocket at ${path}`);
  return (req, socket, head) => {
    if (req.url === CHANNEL_PATH) return worker(req, socket, head);
    socket.on('error', (error) => log.debug({ err: error }, 'socket before its upgrade'));
    const path = (req.url ?? '').replace(/\?.*/s, '');
    const action = api.socketAt(path)?.id;
    const context: RequestContext = { address: addressOf(req), change: () => undefined, isRecorded: false };
    const note = (outcome: 'done' | 'denied', details: Readonly<Record<string, unknown>>): void => {
      if (action) withRequestContext(context, () => audit.note({ action, object: path, outcome, details }));
    };
    const prepare = async (): Promise<void> => {
      const accept = await api.prepareSocket(req, socket, (details) => note('done', details));
      if (!accept) throw notFound(path);
      server.handleUpgrade(req, socket, head, accept);
    };
    withRequestContext(context, prepare).catch((error: unknown) => {
      const { status, body, isBug } = errorAnswer(error);
      if (isBug) log.error({ err: error, path }, 'an upgrade failed unexpectedly');
      if (isRefusal(status)) note('denied', { status, code: body.error.code });
      refuse(socket, status, body);
    });
  };
}
