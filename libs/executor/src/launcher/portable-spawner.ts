import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { findStrays, kill, killStrays } from '../stray-processes.js';
import { isErrno } from '../system-error.js';
import { GroupSignals } from './group-signals.js';
import { preferAsVictim } from './oom-victim.js';
import { PeakMemorySampler, processTree } from './peak-memory.js';
import { inTerminal, openPortableTerminal } from './portable-terminal.js';
import { spawnFailure } from './spawn-errors.js';
import {
  KILL_REST_MS,
  SpawnFailure,
  type ExitStatus,
  type ResolvedCommand,
  type SpawnedProcess,
  type Spawner,
} from './spawner.js';
import type { Terminal } from './terminal.js';

type Child = ChildProcess & { readonly stdin: Writable | null; readonly stdout: Readable; readonly stderr: Readable };
type StartedChild = Child & { readonly pid: number };

/** Between two looks through /proc, which cost some 10 ms on a busy machine. */
const SWEEP_INTERVAL_MS = 1000;

/**
 * Starts programs with `child_process`: for macOS and where {@link LinuxSpawner} can't work. CPU time
 * is not told. A program's group is ended with it; daemons that left the group are found by their
 * environment, on Linux, about a second later; what has emptied its environment is not found.
 */
export class PortableSpawner implements Spawner {
  readonly name = 'child_process';
  readonly #toSweep = new Set<string>();
  #sweepTimer: NodeJS.Timeout | undefined;

  /** It can't start anything inside of a control group: memory is watched. */
  async spawn(command: ResolvedCommand): Promise<SpawnedProcess> {
    const { terminal, path } = command.terminal === undefined ? {} : await openPortableTerminal(command.terminal);
    try {
      const child = await this.#start(path === undefined ? command : inTerminal(command, path));
      return new PortableProcess(child, terminal, () => this.#sweepLater(command.mark));
    } catch (error) {
      terminal?.abandon();
      throw error;
    }
  }

  async #start(command: ResolvedCommand): Promise<StartedChild> {
    const { file, args } = command;
    try {
      const child: Child = spawn(file, args.slice(1), {
        argv0: args[0] ?? file,
        cwd: command.cwd,
        env: { ...command.env },
        detached: true,
        stdio: [command.isFed ? 'pipe' : command.stdinFd, 'pipe', 'pipe'],
      }) as Child;
      await once(child, 'spawn');
      if (child.pid === undefined) throw new SpawnFailure('The program has no pid', true);
      preferAsVictim(child.pid);
      return child as StartedChild;
    } catch (error) {
      if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
      // A script without `#!` is run by the shell, as execvp(3) does.
      const isScript = isErrno(error, 'ENOEXEC') && file !== '/bin/sh';
      if (isScript) return await this.#start({ ...command, file: '/bin/sh', args: ['sh', file, ...args.slice(1)] });
      throw spawnFailure(file, error.errno);
    }
  }

  async endStrays(): Promise<void> {
    clearTimeout(this.#sweepTimer);
    await killStrays({ environments: [...this.#toSweep] });
  }

  /** Ends daemons in the background, so that no result waits for it. */
  #sweepLater(mark: string): void {
    this.#toSweep.add(`${mark}\0`);
    this.#sweepTimer ??= setTimeout(() => this.#sweep(), SWEEP_INTERVAL_MS);
  }

  /** A mark is done with once nothing carries it. */
  #sweep(): void {
    const environments = [...this.#toSweep];
    const strays = findStrays({ environments });
    for (const pid of strays) kill(pid, 'SIGKILL');
    if (strays.length === 0) this.#toSweep.clear();
    this.#sweepTimer = strays.length === 0 ? undefined : setTimeout(() => this.#sweep(), SWEEP_INTERVAL_MS);
  }
}

class PortableProcess implements SpawnedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly stdin: Writable | undefined;
  readonly exited: Promise<ExitStatus>;
  readonly #signals = new GroupSignals();

  constructor(
    child: StartedChild,
    readonly terminal: Terminal | undefined,
    private readonly sweep: () => void,
  ) {
    this.pid = child.pid;
    this.stdout = terminal?.output ?? child.stdout;
    this.stderr = child.stderr;
    this.stdin = child.stdin ?? undefined;
    if (terminal !== undefined) child.stdout.resume();
    this.exited = exitOf(child, new PeakMemorySampler(child.pid));
  }

  signal(signal: NodeJS.Signals): void {
    this.#signals.send(this.pid, signal);
  }

  pids(): number[] {
    return processTree(this.pid);
  }

  hasRest(): boolean {
    return kill(-this.pid, 0);
  }

  async killRest(): Promise<boolean> {
    const deadline = performance.now() + KILL_REST_MS;
    this.sweep();
    for (let waitMs = 1; kill(-this.pid, 'SIGKILL'); waitMs = Math.min(waitMs * 2, 50)) {
      if (performance.now() > deadline) return false;
      await delay(waitMs);
    }
    return true;
  }
}

function exitOf(child: Child, sampler: PeakMemorySampler): Promise<ExitStatus> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode: number | null, signal: NodeJS.Signals | null) => {
      sampler.stop();
      resolve({ exitCode, signal, userCpuMs: null, systemCpuMs: null, peakRssBytes: sampler.peakBytes });
    });
  });
}
