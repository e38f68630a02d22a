import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { HTTP_STATUS, MitoError, type Log } from '@mitosis/domain';
import type { AuditLog } from '../audit/audit-log.js';
import { withRequestContext } from '../audit/request-context.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { CallerAddress } from '../auth/caller-address.js';
import type { WorkerChannels } from '../workers/worker-channels.js';

const CHANNEL_PATH = '/workers/me/channel';

/** The largest message of a worker: a heartbeat of 4,096 attempts, or a piece of output. */
const MESSAGE_LIMIT_BYTES = 1_048_576;

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

export interface WorkerUpgradeDeps {
  readonly authenticator: Authenticator;
  readonly channels: WorkerChannels;
  readonly audit: AuditLog;
  readonly log: Log;
  readonly addressOf: CallerAddress;
}

function noteRefusal(audit: AuditLog, address: string, status: number): void {
  const context = { address, change: () => undefined, isRecorded: false };
  withRequestContext(context, () =>
    audit.note({ action: 'workers.channel', object: CHANNEL_PATH, outcome: 'denied', details: { status } }),
  );
}

/** Turns an upgrade request of an authenticated worker into its channel; anything else is refused. */
export function workerUpgrade({ authenticator, channels, audit, log, addressOf }: WorkerUpgradeDeps) {
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT_BYTES });
  return (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', (error) => log.debug({ err: error }, 'socket before its upgrade'));
    if (req.url !== CHANNEL_PATH) return refuse(socket, 404);
    authenticator.worker(req.headers.authorization).then(
      ({ workerId }) => server.handleUpgrade(req, socket, head, (ws) => channels.accept(workerId, ws)),
      (error: unknown) => {
        if (!(error instanceof MitoError)) log.warn({ err: error }, 'a worker could not be authenticated');
        const status = error instanceof MitoError ? HTTP_STATUS[error.kind] : 503;
        if (status < 500) noteRefusal(audit, addressOf(req), status);
        refuse(socket, status);
      },
    );
  };
}
