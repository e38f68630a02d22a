import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { build } from 'pino-pretty';
import { RotatingFile } from './rotating-file.js';

/** Fields that hold secrets, at the top and one level down, whatever object they are in. */
const SECRETS = ['password', 'token', 'secret', 'authorization', 'cookie', 'lease', 'env'];
const HIDDEN = '[redacted]';

/** An error with everything in it, but for the credentials of addresses and bearer tokens. */
function serializeError(error: Error): unknown {
  return JSON.parse(hideCredentials(JSON.stringify(stdSerializers.err(error))));
}

function hideCredentials(text: string): string {
  return text.replace(/:\/\/[^/@\s"\\]*@/g, `://${HIDDEN}@`).replace(/\bBearer [\w.~+/-]+/g, `Bearer ${HIDDEN}`);
}

/** A log without secrets, as one line of JSON each, to `destination`. */
export function createLog(level: string, name: string, destination: DestinationStream): Logger {
  const paths = SECRETS.flatMap((field) => [field, `*.${field}`, `err.${field}`, `err.*.${field}`]);
  return pino({ level, name, redact: { paths, censor: HIDDEN }, serializers: { err: serializeError } }, destination);
}

export interface ProcessLogOptions {
  readonly isTerminal: boolean;
  /** In place of stderr: a file that is set aside when it grows large. */
  readonly file?: string | undefined;
}

/** The log of a process on stderr: readable on a terminal, otherwise (and in a file) one line of JSON each. */
export function createProcessLog(level: string, name: string, target: boolean | ProcessLogOptions): Logger {
  const { isTerminal, file } = typeof target === 'boolean' ? { isTerminal: target, file: undefined } : target;
  if (file !== undefined) return createLog(level, name, new RotatingFile(file));
  if (!isTerminal) return createLog(level, name, pino.destination({ dest: 2, sync: true }));
  return createLog(
    level,
    name,
    build({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }),
  );
}
