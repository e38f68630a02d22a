import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { parseCpuList } from '../host/detect-host.js';
import { hasEnvironment, kill, readProc, realtimeLimit } from '../stray-processes.js';
import { GroupSignals } from './group-signals.js';
import { loadLibc, type Libc, type PosixSpawnOptions, type ReapedChild } from './libc.js';
import { openStdio, type ProgramEnds } from './linux-stdio.js';
import { preferAsVictim } from './oom-victim.js';
import { LauncherFloor, PeakMemorySampler, processTree } from './peak-memory.js';
import { spawnFailure } from './spawn-errors.js';
import {
  KILL_REST_MS,
  type ExitStatus,
  type ResolvedCommand,
  type SpawnBounds,
  type SpawnedProcess,
  type Spawner,
} from './spawner.js';
import type { Terminal } from './terminal.js';

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export interface LinuxSpawnerOptions {
  /** First of the 2^20 values of RLIMIT_RTTIME that may be given out, see {@link LinuxSpawner}. */
  readonly firstTag: bigint;
}

/** How many tags a launcher gives out before it begins again. */
export const TAG_COUNT = 1_048_576;

/**
 * Starts programs with posix_spawn(3), which shares the launcher's memory until the exec: 2,100 starts
 * of /bin/true per second against 840 with `child_process` (2 cores), and 2,020 against 65 when the
 * process that starts them has 500 MB resident. wait4(2) gives the exact resource use.
 *
 * Nothing of a task gets away: the launcher is a subreaper, so a daemon becomes the launcher's child
 * when its parent ends. Whose it is says a tag that every process inherits, through setsid and an
 * emptied environment alike: the soft limit RLIMIT_RTTIME. It means something to realtime programs
 * only, and to them a limit of 12 days or more. Where it can't be set (a hard limit is in force) or
 * was changed by the program, the environment tells; what neither tells ends with the last attempt.
 */
export class LinuxSpawner implements Spawner {
  readonly name = 'posix_spawn';
  readonly #libc: Libc;
  readonly #floor = new LauncherFloor();
  readonly #running = new Map<number, LinuxProcess>();
  #spawned = 0;
  readonly #ownCores = parseCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(readProc('/proc/self/status'))?.[1] ?? '');

  constructor(private readonly options: LinuxSpawnerOptions) {
    this.#libc = loadLibc();
    if (!this.#libc.becomeSubreaper()) throw new Error('prctl(PR_SET_CHILD_SUBREAPER) was refused');
    if (!existsSync(childrenPath(process.pid))) throw new Error('the kernel keeps no list of children');
    process.on('SIGCHLD', () => this.#reapAll());
  }

  spawn(command: ResolvedCommand, bounds?: SpawnBounds): Promise<SpawnedProcess> {
    return new Promise((resolve) => resolve(this.#spawnNow(command, bounds)));
  }

  #spawnNow(command: ResolvedCommand, bounds: SpawnBounds | undefined): SpawnedProcess {
    const tag = this.options.firstTag + BigInt(this.#spawned++ % TAG_COUNT);
    const isTagged = this.#libc.setRealtimeLimit(tag);
    const stdio = openStdio(this.#libc, command);
    const pid = this.#startWithin(bounds, () => this.#start(command, stdio.stdio));
    if (pid <= 0) {
      stdio.abandon();
      throw spawnFailure(command.file, pid);
    }
    const process = new LinuxProcess(this, pid, stdio.opened());
    preferAsVictim(pid);
    process.tag = isTagged ? tag : undefined;
    process.mark = command.mark;
    this.#running.set(pid, process);
    return process;
  }

  /** There is nothing to wait for: each program's rest ended with it. */
  async endStrays(): Promise<void> {}

  /** What is started inherits the group and the cores of this thread, which leaves both at once. */
  #startWithin(bounds: SpawnBounds | undefined, start: () => number): number {
    if (bounds === undefined) return start();
    const { cores = [] } = bounds;
    const isPinned = cores.length > 0 && this.#libc.setCores(cores);
    let pid = 0;
    try {
      bounds.within(() => (pid = start()));
    } finally {
      if (isPinned) this.#libc.setCores(this.#ownCores);
    }
    return pid;
  }

  /** A script without `#!` is run by the shell, as execvp(3) does. */
  #start({ file, args, env, cwd }: ResolvedCommand, stdio: PosixSpawnOptions['stdio']): number {
    const options = { file, args, env: Object.entries(env).map(([name, value]) => `${name}=${value}`), cwd, stdio };
    const pid = this.#libc.posixSpawn(options);
    if (pid !== -constants.errno.ENOEXEC) return pid;
    return this.#libc.posixSpawn({ ...options, file: '/bin/sh', args: ['sh', file, ...args.slice(1)] });
  }

  /** Reaps what has ended: programs, and orphans that were handed to this process. */
  #reapAll(): void {
    for (let pid = this.#libc.endedChild(); pid > 0; pid = this.#libc.endedChild()) {
      const reaped = this.#libc.reap(pid);
      this.#running.get(pid)?.end(reaped, this.#floor.ownPeak(reaped.maxRssBytes));
      this.#running.delete(pid);
    }
  }

  /** Children that `owner` left behind. Reaps first, so that what has ended is not counted. */
  orphansOf(owner: LinuxProcess): number[] {
    this.#reapAll();
    return childrenOf(process.pid).filter((pid) => !this.#running.has(pid) && this.#isOwned(pid, owner));
  }

  #isOwned(pid: number, owner: LinuxProcess): boolean {
    const tag = realtimeLimit(pid);
    if (tag !== undefined && tag === owner.tag) return true;
    return this.#running.size === 0 || hasEnvironment(pid, [owner.mark]);
  }

  /** The process groups of children. None can be another's: the children were not reaped. */
  groupsOf(pids: readonly number[]): Set<number> {
    return new Set(pids.map((pid) => this.#libc.groupOf(pid)).filter((group) => group > 1));
  }
}

/** Needs a kernel with CONFIG_PROC_CHILDREN, as every distribution's has. */
function childrenPath(pid: number): string {
  return `/proc/${pid}/task/${pid}/children`;
}

function childrenOf(pid: number): number[] {
  return readProc(childrenPath(pid)).split(' ').filter(Boolean).map(Number);
}

function largest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

class LinuxProcess implements SpawnedProcess {
  tag: bigint | undefined;
  mark = '';
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly terminal: Terminal | undefined;
  readonly stdin: Writable | undefined;
  readonly exited: Promise<ExitStatus>;
  readonly #sampler: PeakMemorySampler;
  readonly #signals = new GroupSignals();
  #settle: ((status: ExitStatus) => void) | undefined;

  constructor(
    private readonly spawner: LinuxSpawner,
    readonly pid: number,
    { stdout, stderr, terminal, stdin }: ProgramEnds,
  ) {
    [this.stdout, this.stderr, this.terminal, this.stdin] = [stdout, stderr, terminal, stdin];
    this.#sampler = new PeakMemorySampler(pid);
    this.exited = new Promise((resolve) => (this.#settle = resolve));
  }

  end({ status, userCpuMs, systemCpuMs }: ReapedChild, ownPeakBytes: number | undefined): void {
    this.#sampler.stop();
    const signalNumber = status & 0x7f;
    this.#settle?.({
      exitCode: signalNumber === 0 ? (status >> 8) & 0xff : null,
      signal: signalNumber === 0 ? null : (SIGNAL_NAMES.get(signalNumber) ?? `SIG${signalNumber}`),
      userCpuMs,
      systemCpuMs,
      // What the system counted has no descendant that was not waited for; what was seen has no short-lived one.
      peakRssBytes: largest(ownPeakBytes ?? null, this.#sampler.peakBytes),
    });
    this.#settle = undefined;
  }

  signal(signal: NodeJS.Signals): void {
    // Until it is reaped the program's pid is the number of its group; afterwards it may be another's.
    const groups = this.spawner.groupsOf(this.spawner.orphansOf(this));
    if (this.#settle !== undefined) groups.add(this.pid);
    for (const group of groups) this.#signals.send(group, signal);
  }

  pids(): number[] {
    const roots = this.#settle === undefined ? [] : [this.pid];
    return [...new Set([...roots, ...this.spawner.orphansOf(this)].flatMap(processTree))];
  }

  hasRest(): boolean {
    return this.spawner.orphansOf(this).length > 0;
  }

  async killRest(): Promise<boolean> {
    const deadline = performance.now() + KILL_REST_MS;
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      const orphans = this.spawner.orphansOf(this);
      if (orphans.length === 0) return true;
      if (performance.now() > deadline) return false;
      for (const group of this.spawner.groupsOf(orphans)) kill(-group, 'SIGKILL');
      await delay(waitMs);
    }
  }
}
