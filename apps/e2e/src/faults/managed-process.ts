import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { MAIN } from '../harness/mito-process.js';

const READY_MS = 60_000;
const STOP_MS = 60_000;

export interface ManagedProcessOptions {
  readonly name: string;
  /** Arguments of `mito`. */
  readonly argv: readonly string[];
  /** Asked for at each start; the number of the start, from 1, is passed. */
  env(incarnation: number): Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Put before the command of the process, such as `unshare -m …`. */
  readonly wrapper?: readonly string[] | undefined;
}

export interface UnaskedExit {
  readonly name: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** One `mito coordinator` or `mito worker` that the schedule kills and starts again. It ends with us. */
export class ManagedProcess {
  /** Ends that nobody here asked for. */
  readonly unaskedExits: UnaskedExit[] = [];
  /** How often it was started. */
  incarnation = 0;
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private isAsked = false;

  constructor(private readonly options: ManagedProcessOptions) {}

  get name(): string {
    return this.options.name;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.name} was never started`);
    return this.child.pid;
  }

  /** Resolves when the process says that it is ready; with false when it was ended on request before. */
  async start(): Promise<boolean> {
    const { argv, env, logFile, wrapper = [] } = this.options;
    this.incarnation += 1;
    this.isAsked = false;
    const log = await open(logFile, 'a');
    const [program = '', ...args] = [...wrapper, process.execPath, '--', MAIN, ...argv];
    const basics = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
    const stdio = ['ignore', log.fd, log.fd, 'ipc'] as const;
    const child = spawn(program, args, {
      env: { ...basics, ...env(this.incarnation) },
      stdio: [...stdio],
      detached: true,
    });
    await log.close();
    this.child = child;
    this.ended = once(child, 'exit').then(() => this.onExit(child));
    const ready = once(child, 'message', { signal: AbortSignal.timeout(READY_MS) }).then(() => true);
    const isUp = await Promise.race([ready, this.ended.then(() => false)]);
    ready.catch(() => {});
    if (!isUp && !this.isAsked) throw new Error(`${this.name} did not start: ${(await this.log()).slice(-2000)}`);
    return isUp;
  }

  /** Ends it where it stands. */
  async kill(): Promise<void> {
    this.isAsked = true;
    if (this.isRunning) this.child?.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to end; after a minute it is killed, and that is an error, as it is when it has to kill itself. */
  async stop(): Promise<void> {
    this.isAsked = true;
    if (!this.isRunning) return;
    this.child?.kill('SIGTERM');
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), STOP_MS);
    const begin = performance.now();
    await this.ended;
    clearTimeout(timer);
    if (this.child?.signalCode !== 'SIGKILL') return;
    const took = `${((performance.now() - begin) / 1000).toFixed(1)} s`;
    throw new Error(`${this.name} was killed ${took} after it was asked to stop:\n${(await this.log()).slice(-2000)}`);
  }

  /** Everything that it said, over all its starts. */
  async log(): Promise<string> {
    return readFile(this.options.logFile, 'utf8').catch(() => '');
  }

  private onExit(child: ChildProcess): void {
    if (!this.isAsked) this.unaskedExits.push({ name: this.name, code: child.exitCode, signal: child.signalCode });
  }
}
