import type { CommandSpec, ExecutionResult, GuestSpec, TerminalSize } from '../execution.js';

/** What the executor tells its launcher. */
export type ToLauncher =
  | { readonly type: 'run'; readonly id: string; readonly launch: Launch }
  /** `graceMs` overrides the grace of the command. */
  | { readonly type: 'cancel'; readonly id: string; readonly reason: string; readonly graceMs?: number }
  /** Tell the size of the spool as it grows, or stop telling it. */
  | { readonly type: 'follow'; readonly id: string; readonly isFollowed: boolean }
  /** What was typed (base64) and a new size; answered by `terminal` with the same number. */
  | {
      readonly type: 'terminal';
      readonly id: string;
      readonly request: number;
      readonly data?: string;
      readonly size?: TerminalSize;
      /** Nothing comes after it. */
      readonly isEnd?: boolean;
    }
  /** Start a program beside the one of `id`; from here on it has the id `guest`. */
  | { readonly type: 'guest'; readonly id: string; readonly guest: string; readonly spec: GuestSpec }
  /** The first `bytes` bytes of the output of a guest were passed on. */
  | { readonly type: 'taken'; readonly id: string; readonly bytes: number }
  /** Answered by `pids` with the same number. */
  | { readonly type: 'pids'; readonly id: string; readonly request: number }
  /** Send it to the processes that handle it; answered by `told` with the same number. */
  | { readonly type: 'signal'; readonly id: string; readonly request: number; readonly signal: NodeJS.Signals }
  | { readonly type: 'ping' };

/** What the launcher sends back. */
export type FromLauncher =
  /** Once, when it is ready; `remark` says why a lesser spawner is in use. */
  | { readonly type: 'ready'; readonly spawner: string; readonly remark?: string }
  | { readonly type: 'started'; readonly id: string; readonly pid: number }
  /** The first `bytes` bytes of the spool are on disk. */
  | { readonly type: 'output'; readonly id: string; readonly bytes: number }
  /** How many bytes the spool had when the terminal took it; absent when the terminal takes nothing. */
  | { readonly type: 'terminal'; readonly id: string; readonly request: number; readonly bytes?: number }
  /** What a guest has printed (base64). */
  | { readonly type: 'printed'; readonly id: string; readonly stream: 'stdout' | 'stderr'; readonly data: string }
  /** All processes of an attempt that are known now, those of its guests as well. */
  | { readonly type: 'pids'; readonly id: string; readonly request: number; readonly pids: readonly number[] }
  /** How many processes got a signal. */
  | { readonly type: 'told'; readonly id: string; readonly request: number; readonly processes: number }
  | { readonly type: 'ended'; readonly id: string; readonly result: ExecutionResult }
  | { readonly type: 'pong' };

/** One attempt, as the launcher needs to know it. */
export interface Launch {
  readonly spec: CommandSpec;
  readonly execDir: string;
  readonly spoolPath: string;
  readonly outputLimitBytes: number;
  /** `NAME=value` in its environment by which what it leaves behind is found. */
  readonly mark: string;
  /** It runs beside an attempt: it is fed, and what it prints is sent, not kept. */
  readonly isGuest?: boolean;
}
