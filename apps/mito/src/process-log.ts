import { type Logger, pino } from 'pino';
import { build } from 'pino-pretty';
import { RotatingFile } from './rotating-file.js';

export interface ProcessLogOptions {
  readonly isTerminal: boolean;
  /** In place of stderr: a file that is set aside when it grows large. */
  readonly file?: string | undefined;
}

/** The log of a process on stderr: readable on a terminal, otherwise (and in a file) one line of JSON each. */
export function createProcessLog(level: string, name: string, target: boolean | ProcessLogOptions): Logger {
  const { isTerminal, file } = typeof target === 'boolean' ? { isTerminal: target, file: undefined } : target;
  const options = { level, name, redact: ['password', 'token', '*.password', '*.token'] };
  if (file !== undefined) return pino(options, new RotatingFile(file));
  if (!isTerminal) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, build({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }));
}
