import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../execution.js';
import type { Terminal } from './terminal.js';

/** A command that was checked and found: ready for the system. */
export interface ResolvedCommand {
  /** Path of the program, absolute or relative to `cwd`. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What it reads from; the spawner leaves it open. */
  readonly stdinFd: number;
  /** A terminal of this size for 0, 1 and 2 instead. */
  readonly terminal?: TerminalSize;
  /** It reads from a pipe that the launcher writes to, instead of `stdinFd`. */
  readonly isFed?: boolean;
  /** `NAME=value` in `env` by which what it leaves behind is found. */
  readonly mark: string;
}

export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly userCpuMs: number | null;
  readonly systemCpuMs: number | null;
  readonly peakRssBytes: number | null;
}

/** A program with everything that it starts in turn. */
export interface SpawnedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Whose output is `stdout`, when it runs in one. */
  readonly terminal?: Terminal | undefined;
  /** What it reads from, when that is a pipe of ours. */
  readonly stdin?: Writable | undefined;
  /** Settles when the program itself has ended, whatever it left behind. Never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** All of its processes that are known now. */
  pids(): number[];
  /** Sends `signal` to all its process groups that are known and did not get it before; SIGKILL to all. */
  signal(signal: NodeJS.Signals): void;
  /** True while something of it is left besides the program itself. */
  hasRest(): boolean;
  /**
   * Ends what the program left behind (SIGKILL) and waits for that, for at most 5 s. Returns false
   * when something would not end.
   */
  killRest(): Promise<boolean>;
}

/** What a program is bound by from its first instruction on. */
export interface SpawnBounds {
  /** Runs `start` where its memory is limited. */
  within(start: () => void): void;
  readonly cores?: readonly number[] | undefined;
}

/** Starts programs in their own process group and session, with no file open but 0, 1 and 2. */
export interface Spawner {
  readonly name: string;
  /** Rejects with {@link SpawnFailure}. */
  spawn(command: ResolvedCommand, bounds?: SpawnBounds): Promise<SpawnedProcess>;
  /** Ends what is left of programs that have ended; before the launcher itself ends. */
  endStrays(): Promise<void>;
}

/** The program was not started. The message is a sentence for the task's owner. */
export class SpawnFailure extends Error {
  constructor(
    message: string,
    /** True when the machine, not the command, is at fault (no memory, no files, no processes left). */
    readonly isWorkerFault = false,
  ) {
    super(message);
    this.name = 'SpawnFailure';
  }
}

/** How long {@link SpawnedProcess.killRest} tries. */
export const KILL_REST_MS = 5000;
