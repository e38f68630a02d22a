import type { Scratch } from './scratch.js';

/** One command, as it is started: no shell is involved. */
export interface CommandSpec {
  /** The program and its arguments; a name without `/` is looked up in the PATH of `env`. */
  readonly args: readonly string[];
  /** The whole environment, as made by `taskEnvironment`; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Working folder relative to the exec folder, and inside it; the exec folder itself when absent. */
  readonly cwd?: string;
  /** A regular file to read from, relative to the exec folder or absolute; empty input when absent. */
  readonly stdinPath?: string;
  /** Time limit, counted from the start of the program; none when null. */
  readonly timeoutMs: number | null;
  /** Values that are replaced by `***` in what it prints. */
  readonly secrets?: readonly string[];
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /**
   * A pseudo terminal of this size instead of pipes: the controlling one of the program, which leads a
   * session of its own. All that is shown there is kept as `stdout`. It takes no `stdinPath`.
   */
  readonly pty?: TerminalSize;
  /** Memory that all of its processes together may have; what can be given back does not count. */
  readonly memoryLimitBytes?: number;
  /** Numbers of the cores that it may use. */
  readonly cores?: readonly number[];
}

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** Something that a person does at the terminal of a program. */
export interface TerminalInput {
  /** What is typed. */
  readonly data?: Uint8Array;
  readonly size?: TerminalSize;
}

/** A program that is started beside the one of an attempt, in the same environment and within the same limits. */
export interface GuestSpec {
  readonly args: readonly string[];
  /** Besides the environment of the attempt, over which it wins. */
  readonly env?: Readonly<Record<string, string>>;
  /** A pseudo terminal instead of pipes. */
  readonly pty?: TerminalSize;
}

/** What a guest is given: what it reads, the size of its terminal, the end of its input. */
export interface GuestInput extends TerminalInput {
  readonly isEnd?: boolean;
}

/** A guest under way. */
export interface Guest {
  /** Settles once its processes have ended and all that it printed was handed over; never rejects. */
  readonly result: Promise<ExecutionResult>;
  /** Resolves once it was taken, also when the program no longer reads. */
  give(input: GuestInput): Promise<void>;
  /** Ends it with all that it has started: SIGTERM, 2 s, SIGKILL. */
  end(reason: string): void;
}

/** Takes what a guest has printed, one piece after the other; while it waits, so does the program. */
export type OnPrinted = (stream: 'stdout' | 'stderr', bytes: Buffer) => Promise<void>;

export interface ExecutionRequest {
  /** `${taskId}-${attempt}`; of the executions under way no two have the same. */
  readonly executionId: string;
  readonly spec: CommandSpec;
  readonly scratch: Scratch;
  /** Largest spool of output, frame headers included; beyond it output is read and dropped. */
  readonly outputLimitBytes: number;
}

export type ExecutionOutcome =
  | 'exited'
  | 'timed_out'
  | 'cancelled'
  | 'spawn_failed'
  /** Sandboxed programs only: it did what it may not do, or went past a limit. */
  | 'trapped'
  | 'limit_exceeded'
  /** It took more memory than its limit. */
  | 'out_of_memory'
  | 'worker_error';

export interface ExecutionResult {
  readonly outcome: ExecutionOutcome;
  /** Null when the program was ended by a signal or never ran. */
  readonly exitCode: number | null;
  /** E.g. `SIGKILL`; null when the program ended by itself. */
  readonly signal: string | null;
  /** One sentence for a person, at most 4,096 characters; absent when there is nothing to say. */
  readonly message?: string;
  readonly wallMs: number;
  /** Of the program and the children it waited for; null where the system does not tell. */
  readonly userCpuMs: number | null;
  readonly systemCpuMs: number | null;
  /**
   * The most memory that the program, or one child it waited for, had resident; null when it was
   * too small and too short to be told from the launcher's own.
   */
  readonly peakRssBytes: number | null;
  /** Size of the spool: the offset at which a follower ends. */
  readonly outputBytes: number;
  readonly outputTruncated: boolean;
  /** Some of its processes would not end. */
  readonly hasLeftovers?: boolean;
  /** Of what a sandboxed program wrote to stdout; absent for commands. */
  readonly stdoutSha256?: string;
}

/** Guests of one attempt at a time. */
export const GUESTS_MAX = 16;

/** One attempt under way. */
export interface Execution {
  /** Settles once every process of the attempt has ended and its output is on disk; never rejects. */
  readonly result: Promise<ExecutionResult>;

  /** Ends the attempt: SIGTERM, the grace, SIGKILL. Does nothing when it has ended. */
  cancel(reason: string): void;

  /**
   * Hands `input` to the program's terminal, in the order of the calls; a size first. Waits until the
   * terminal has taken it (a program that does not read makes it wait) and returns how long the spool
   * was then. Rejects with `no_terminal`, and with `execution_ended` when the program ends before.
   */
  operateTerminal(input: TerminalInput): Promise<number>;

  /**
   * Starts a program beside that of the attempt. It ends with the attempt at the latest. Throws `no_guests` for a
   * sandboxed program and past {@link GUESTS_MAX}, and `execution_ended` when the program does not run.
   */
  startGuest(spec: GuestSpec, onPrinted: OnPrinted): Guest;

  /** All processes of the attempt that are known now. Rejects with `execution_ended`. */
  pids(): Promise<readonly number[]>;

  /**
   * Sends `signal` to those processes of the attempt that handle it: a shell around the program, which it would end,
   * does not get it. Where the system does not tell who does, all get it. Returns to how many. Rejects with
   * `execution_ended`.
   */
  signal(signal: NodeJS.Signals): Promise<number>;

  /** Its folders. */
  readonly scratch: Scratch;

  /** Size of the spool now. */
  outputBytes(): Promise<number>;

  /**
   * The bytes of the spool from offset `from` on, without loss or duplication, in pieces of at most
   * 64 KiB that need not end with a frame. Waits for each `onChunk`, slows neither the task nor other
   * followers, ends when the attempt has ended and all was delivered, or when `signal` is aborted.
   * Rejects with what `onChunk` throws; with `invalid_offset` when the output ends before `from`;
   * with `output_gone` when the scratch folder was removed.
   */
  follow(from: number, onChunk: (bytes: Buffer, offset: number) => Promise<void>, signal: AbortSignal): Promise<void>;
}
