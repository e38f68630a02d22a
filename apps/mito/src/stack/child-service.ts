import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError, type ErrorKind, type Log, type Service } from '@mitosis/domain';

export interface ChildServiceOptions {
  readonly name: string;
  /** Arguments of `mito`. */
  readonly argv: readonly string[];
  /** Everything that the process finds in its environment, asked for at each start. */
  readonly env: () => Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly log: Log;
  /** Sent to the process at once, so that it need not be in its environment. */
  readonly firstMessage?: (() => Promise<object>) | undefined;
  /** Called when it is up, also after a restart. */
  readonly onReady?: ((message: Readonly<Record<string, unknown>>) => void) | undefined;
  /** True when people may stop it for good by other means than ours: then it is not started again after exit code 0. */
  readonly mayBeStopped?: boolean | undefined;
  /** How long a stop may take before the process is killed. */
  readonly stopMs: number;
}

const START_MS = 60_000;
const ASK_MS = 30_000;
const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 10_000;
const LOG_LIMIT_BYTES = 10_485_760;

/** The log of a process is kept for the run before at most. */
async function openLog(file: string): Promise<FileHandle> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

/**
 * One process of the stack, started again when it fails. It has a process group of its own,
 * so that Ctrl-C reaches only us, and it ends when we go away: it watches the channel to us.
 */
export class ChildService implements Service {
  private child: ChildProcess | undefined;
  private isStopping = false;
  private supervision: Promise<void> = Promise.resolve();

  constructor(private readonly options: ChildServiceOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Throws `start_failed` with the end of its log when the process does not come up. */
  async start(): Promise<void> {
    const { child, exit } = await this.launch();
    this.supervision = this.supervise(child, exit);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), this.options.stopMs);
      await this.supervision;
      clearTimeout(timer);
    }
    await this.supervision;
  }

  /** Passes on the second signal: what still runs has to end. */
  hurry(): void {
    this.child?.kill('SIGTERM');
  }

  private async launch(): Promise<{ child: ChildProcess; exit: Promise<void> }> {
    const { name, argv, env, logFile, firstMessage, onReady } = this.options;
    const message = await firstMessage?.();
    const logHandle = await openLog(logFile);
    const [script = ''] = process.argv.slice(1, 2);
    const stdio = ['ignore', logHandle.fd, logHandle.fd, 'ipc'] as const;
    // "--" as in the launcher script: no option of ours is one of Node.js.
    const execArgv = [...process.execArgv.filter((word) => word !== '--'), '--'];
    const child = fork(script, [...argv], { env: { ...env() }, execArgv, stdio: [...stdio], detached: true });
    await logHandle.close();
    this.child = child;
    const exit = once(child, 'exit').then(() => {});
    if (message) child.send(message);
    const ready = once(child, 'message', { signal: AbortSignal.timeout(START_MS) }) as Promise<[FirstWord]>;
    const [first] = (await Promise.race([ready, exit.then(() => [])]).catch(() => [])) as [FirstWord?];
    ready.catch(() => {});
    if (first?.type !== 'ready') {
      child.kill('SIGKILL');
      throw first ? failureOf(name, first) : await silentFailure(this.options);
    }
    onReady?.(first);
    return { child, exit };
  }

  /** Asks the process for something; it responds with a message of the same `type`. */
  async ask(type: string): Promise<Readonly<Record<string, unknown>>> {
    const { child } = this;
    const { name } = this.options;
    if (!child?.connected) throw new MitoError('unavailable', 'part_not_running', `${name} does not run at the moment`);
    const answer = new Promise<Record<string, unknown>>((resolve, reject) => {
      const timer = setTimeout(() => reject(noAnswer(name)), ASK_MS);
      const over = (): void => reject(noAnswer(name));
      const listen = (message: Record<string, unknown>): void => {
        if (message.type !== type) return;
        clearTimeout(timer);
        child.off('message', listen);
        child.off('exit', over);
        resolve(message);
      };
      child.on('message', listen);
      child.once('exit', over);
    });
    child.send({ type });
    const said = await answer;
    if (typeof said.error === 'string') throw new MitoError('conflict', String(said.code), said.error);
    return said;
  }

  private async supervise(first: ChildProcess, firstExit: Promise<void>): Promise<void> {
    let [child, exit] = [first, firstExit];
    for (let pauseMs = RESTART_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, RESTART_MAX_MS)) {
      await exit;
      if (this.isStopping) return;
      const { name, mayBeStopped } = this.options;
      if (child.exitCode === 0 && mayBeStopped)
        return this.options.log.warn({ name }, `${name} was told to stop; it is not started again`);
      this.options.log.warn(
        { name, exit_code: child.exitCode, signal: child.signalCode },
        `${name} has ended; starting it again`,
      );
      await delay(pauseMs);
      if (this.isStopping) return;
      try {
        ({ child, exit } = await this.launch());
        pauseMs = RESTART_FIRST_MS;
      } catch (error) {
        this.options.log.error({ err: error }, `${name} can't be started; trying again`);
      }
    }
  }
}

/** What a process says first: that it is up, or why it can't be. */
interface FirstWord extends Readonly<Record<string, unknown>> {
  readonly type: 'ready' | 'failed';
  readonly message?: string;
  readonly code?: string;
  readonly kind?: ErrorKind;
  readonly details?: Readonly<Record<string, unknown>>;
}

const noAnswer = (name: string): MitoError =>
  new MitoError('unavailable', 'part_not_running', `${name} has not answered; it is being started again`);

function failureOf(name: string, { message = '', code, kind, details = {} }: FirstWord): MitoError {
  return new MitoError(kind ?? 'unavailable', code ?? 'start_failed', `${name} did not start: ${message}`, { details });
}

async function silentFailure({ name, logFile }: ChildServiceOptions): Promise<MitoError> {
  const message = `${name} did not start: ${await lastWords(logFile)} (log: ${logFile})`;
  return new MitoError('unavailable', 'start_failed', message);
}

/** The error that a command ended with, or the last line of its log. */
async function lastWords(logFile: string): Promise<string> {
  // lossy: words of a log for a person
  const lines = (await readFile(logFile, 'utf8')).trim().split('\n');
  return (lines.findLast((line) => line.startsWith('mito: ')) ?? lines.at(-1) ?? '').replace(/^mito: /, '');
}
