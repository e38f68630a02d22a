import { writeSync } from 'node:fs';
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { systemError } from '@mitosis/domain';
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

/** A sleep of a log that waits for its reader: a log is written at once or not at all. */
const naps = new Int32Array(new SharedArrayBuffer(4));
const NAP_MS = 10;

function writeAllToStderr(line: string): void {
  const bytes = Buffer.from(line);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(process.stderr.fd, bytes, written);
    } catch (error) {
      // The reader of a pipe is slow.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(naps, 0, 0, NAP_MS);
    }
  }
}

/**
 * A log that nothing depends on: a line that can't be written (the disk is full, nobody reads the pipe any
 * more) is lost, and how many were is said as soon as there is room.
 */
export class LossyLog implements DestinationStream {
  private lost = 0;

  constructor(
    private readonly target: DestinationStream,
    private readonly name: string,
  ) {}

  write(line: string): void {
    try {
      if (this.lost > 0) this.target.write(this.gap());
      this.lost = 0;
      this.target.write(line);
    } catch (error) {
      if (!systemError(error)) throw error;
      this.lost += 1;
    }
  }

  /** On a line of its own: what was begun before may be cut off. */
  private gap(): string {
    const { lost, name } = this;
    const msg = `${lost} lines of this log could not be written and are lost`;
    return `\n${JSON.stringify({ level: 40, time: Date.now(), name, lost, msg })}\n`;
  }
}

export interface ProcessLogOptions {
  readonly isTerminal: boolean;
  /** Instead of stderr: a file that is set aside when it grows large. */
  readonly file?: string | undefined;
}

/** The log of a process on stderr: readable on a terminal, otherwise (and in a file) one line of JSON each. */
export function createProcessLog(level: string, name: string, target: boolean | ProcessLogOptions): Logger {
  const { isTerminal, file } = typeof target === 'boolean' ? { isTerminal: target, file: undefined } : target;
  if (file !== undefined) return createLog(level, name, new LossyLog(new RotatingFile(file), name));
  const stderr = new LossyLog({ write: writeAllToStderr }, name);
  if (!isTerminal) return createLog(level, name, stderr);
  const pretty = prettyFactory({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
  return createLog(level, name, { write: (line) => stderr.write(pretty(line)) });
}
