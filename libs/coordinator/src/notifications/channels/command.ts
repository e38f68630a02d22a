import { spawn } from 'node:child_process';
import type { Outgoing } from '../notice.js';
import { failedBy, type MessageChannel, type Sent, type Target } from './channel.js';
import { noticeJson } from './webhook.js';

export interface CommandOptions {
  /** Programs of the configuration by the names that receivers know. */
  readonly commands: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs a program of the coordinator's configuration with the message in JSON on its standard input. It gets a
 * `PATH` and the id, none of the coordinator's own environment. When its time is up, it ends with all it has started.
 */
export class CommandChannel implements MessageChannel {
  constructor(private readonly options: CommandOptions) {}

  render(message: Outgoing): string {
    return noticeJson(message);
  }

  async send(text: string, { to, id, signal }: Target & { id: string; signal: AbortSignal }): Promise<Sent> {
    const { commands, timeoutMs } = this.options;
    const program = Object.hasOwn(commands, to) ? commands[to] : undefined;
    if (program === undefined) return { isDelivered: false, status: `the coordinator has no command "${to}"` };
    try {
      return await new Promise<Sent>((resolve, reject) => {
        const env = { PATH, MITO_MESSAGE_ID: id };
        const child = spawn(program, [], { env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
        const end = (): void => {
          reject(signal.reason as Error);
          try {
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          } catch {
            // It has just ended, or runs as somebody else: its message is late all the same.
          }
        };
        signal.addEventListener('abort', end, { once: true });
        child.once('error', reject);
        child.once('close', (code, killedBy) => {
          signal.removeEventListener('abort', end);
          resolve({ isDelivered: code === 0, status: code === null ? String(killedBy) : `exit code ${code}` });
        });
        // A program need not read what it gets.
        child.stdin.on('error', () => undefined).end(text);
      });
    } catch (error) {
      return failedBy(error, timeoutMs);
    }
  }
}
