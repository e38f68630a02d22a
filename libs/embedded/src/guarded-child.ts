import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { textTail } from '@mitosis/domain';
import { GUARD_SCRIPT } from './guard-script.js';

/** A user to run as; only root can ask for one. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface GuardedChildOptions {
  /** Program (absolute path) and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly runAs?: RunAs | undefined;
  /** File descriptor for the child's stderr; by default its last 8 KiB are kept for `exited`. */
  readonly stderr?: number;
  /** First word to the child when it has to end; QUIT and KILL follow when it does not listen. */
  readonly stopSignal: 'INT' | 'TERM' | 'QUIT';
  /** How long the child has after `stopSignal`, and again after QUIT. */
  readonly graceSeconds?: number;
  /** Removed by the guard once it was told to stop and the child has ended. */
  readonly removeAfter?: string | undefined;
}

/**
 * A child that never outlives this process, however this process ends.
 *
 * Between the two stands a guard, a `/bin/sh` that waits on a pipe from here: when the pipe closes
 * (`stop`, or our end, kill -9 included) it stops the child. The guard leads a session of its own,
 * so a Ctrl-C in the terminal reaches neither; the child ends when this process decides.
 */
export class GuardedChild {
  /**
   * Resolves with the exit code (128 + signal when killed) and,
   * unless it had a file for that, what was last said on stderr.
   */
  readonly exited: Promise<{ readonly code: number; readonly stderr: string }>;

  private constructor(
    private readonly guard: ChildProcess,
    /** Process id of the child itself. */
    readonly pid: number,
    stderr: () => string,
  ) {
    this.exited = exitOf(guard).then((code) => ({ code, stderr: stderr() }));
  }

  /** Starts the child; resolves as soon as it has a process id. */
  static async spawn(options: GuardedChildOptions): Promise<GuardedChild> {
    const { command, cwd, env, runAs, stopSignal, graceSeconds = 20, removeAfter = '' } = options;
    const guard = spawn(
      '/bin/sh',
      ['-c', 'eval "$GUARD"', 'guard', stopSignal, String(graceSeconds), removeAfter, ...command],
      {
        cwd,
        // By the environment, so that `ps` shows the command and not a screen of shell.
        env: { ...env, GUARD: GUARD_SCRIPT },
        detached: true,
        stdio: ['pipe', 'pipe', options.stderr ?? 'pipe'],
        ...(runAs === undefined ? {} : { uid: runAs.uid, gid: runAs.gid }),
      },
    );
    // Writing never happens; an error on the pipe only says that the guard has ended, which `exited` says too.
    guard.stdin?.on('error', () => undefined);
    const stderr = tailOf(guard.stderr);
    const pid = await firstLine(guard);
    guard.unref();
    return new GuardedChild(guard, pid, stderr);
  }

  /** True until the child has ended. */
  get running(): boolean {
    return this.guard.exitCode === null && this.guard.signalCode === null;
  }

  /** Stops the child (`stopSignal`, then QUIT, then KILL) and waits for its end. */
  async stop(): Promise<void> {
    this.guard.ref();
    this.guard.stdin?.end();
    await this.exited;
  }
}

async function exitOf(guard: ChildProcess): Promise<number> {
  if (guard.exitCode !== null) return guard.exitCode;
  if (guard.signalCode !== null) return 137;
  const [code] = (await once(guard, 'exit')) as [number | null];
  return code ?? 137;
}

/** The guard's only line on stdout is the child's process id. */
async function firstLine(guard: ChildProcess): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    guard.once('error', reject);
    guard.once('exit', (code) =>
      reject(new Error(`the guard ended with code ${String(code)} before it started anything`)),
    );
    // parsing: a process id in digits
    guard.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString('utf8').trim())));
  });
}

const STDERR_KEPT = 8192;

function tailOf(stream: Readable | null): () => string {
  let tail = '';
  if (stream === null) return () => tail;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    tail = textTail(tail + chunk, STDERR_KEPT);
  });
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  return () => tail;
}
