import { type Logger, pino } from 'pino';
import { build } from 'pino-pretty';

/** The log of a process on stderr: readable on a terminal, otherwise one line of JSON each. */
export function createProcessLog(level: string, name: string, isTerminal: boolean): Logger {
  const options = { level, name, redact: ['password', 'token', '*.password', '*.token'] };
  if (!isTerminal) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, build({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }));
}
