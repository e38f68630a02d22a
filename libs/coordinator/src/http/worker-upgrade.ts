import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { cutText, HTTP_STATUS, MitoError, oneLine, VERSION, worksWith, type Log } from '@mitosis/domain';
import { VERSION_HEADER } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import { withRequestContext } from '../audit/request-context.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { CallerAddress } from '../auth/caller-address.js';
import type { WorkerChannels } from '../workers/worker-channels.js';

export const CHANNEL_PATH = '/workers/me/channel';

/** The largest message of a worker: a heartbeat of 4,096 attempts, or a piece of output. */
const MESSAGE_LIMIT_BYTES = 1_048_576;

function refuse(socket: Duplex, status: number): void {
  const own = `${VERSION_HEADER}: ${VERSION}\r\n`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${own}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}

const UPGRADE_REQUIRED = 426;

/** Why this worker can't work with this coordinator; undefined when it can. */
function skewOf(version: unknown): string | undefined {
  if (typeof version === 'string' && worksWith(version, VERSION)) return undefined;
  const theirs = typeof version === 'string' ? cutText(oneLine(version), 64) : 'an older version';
  return `It has ${theirs} and the coordinator has ${VERSION}: install the coordinator's version on it.`;
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
    authenticator.worker(req.headers.authorization).then(
      ({ workerId }) => {
        const skew = skewOf(req.headers[VERSION_HEADER]);
        if (skew === undefined) return server.handleUpgrade(req, socket, head, (ws) => channels.accept(workerId, ws));
        channels.refuse(workerId, skew);
        refuse(socket, UPGRADE_REQUIRED);
      },
      (error: unknown) => {
        if (!(error instanceof MitoError)) log.warn({ err: error }, 'a worker could not be authenticated');
        const status = error instanceof MitoError ? HTTP_STATUS[error.kind] : 503;
        if (status < 500) noteRefusal(audit, addressOf(req), status);
        refuse(socket, status);
      },
    );
  };
}
