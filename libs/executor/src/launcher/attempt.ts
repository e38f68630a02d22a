import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { cutText, formatDuration } from '@mitosis/domain';
import type { OutputStream } from '@mitosis/protocol';
import type { ExecutionOutcome, ExecutionResult, GuestInput } from '../execution.js';
import { failedResult, MESSAGE_LENGTH_MAX } from '../failed-result.js';
import { MemoryGuard } from '../limits/memory-guard.js';
import { SecretMask } from '../secret-mask.js';
import { ignores } from '../stray-processes.js';
import { errorCode, isErrno } from '../system-error.js';
import { Deadline } from './deadline.js';
import { Guests } from './guests.js';
import type { Launch } from './messages.js';
import { resolveCommand } from './resolve-command.js';
import type { OutputSink, SentOutput } from './sent-output.js';
import { SpawnFailure, type ExitStatus, type SpawnedProcess, type Spawner } from './spawner.js';
import { SpoolWriter } from './spool-writer.js';

export interface AttemptEvents {
  readonly onStarted: (pid: number) => void;
  readonly onOutput: (bytes: number) => void;
}

/** Of the attempt that a guest runs beside: its memory counts there. */
export interface Host {
  readonly guard: MemoryGuard | undefined;
  readonly output: SentOutput;
}

/** Typed in a terminal where a pipe would be closed: Ctrl-D. */
const END_OF_INPUT = Uint8Array.of(4);

/** Why an attempt is ended before the program ends by itself. */
interface Stop {
  readonly outcome: Exclude<ExecutionOutcome, 'exited' | 'spawn_failed'>;
  readonly message: string;
}

/** Between two looks whether a group is empty. */
const REST_INTERVAL_MS = 20;
/** A pipe that stays open for so long after the last process of the attempt was passed on to a stranger. */
const DRAIN_IDLE_MS = 1000;

/**
 * One attempt, from opening its spool to its result:
 *
 *     opening ──▶ running ──▶ stopping ──▶ draining ──▶ over
 *                    │   (timeout, cancel,     ▲
 *                    │    full disk)           │
 *                    └─────────────────────────┘ the program ended
 *
 * The first reason to stop is the outcome. SIGTERM goes to all processes; until the grace is over they
 * may end in their own order (a shell dies at once, the program that it ran may be saving its state).
 * Then, as after a program that ended by itself, SIGKILL ends whatever is left.
 */
export class Attempt {
  readonly #startedAt = performance.now();
  #stop: Stop | undefined;
  #remark: string | undefined;
  #graceEndsAt = 0;
  #process: SpawnedProcess | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #spool: OutputSink | undefined;
  readonly #guard: MemoryGuard | undefined;
  #hasLeftovers = false;
  /** What runs beside it. */
  readonly guests = new Guests();
  /** The program that was started; undefined when none was. */
  readonly #begun: Promise<SpawnedProcess | undefined>;
  #begin!: (process: SpawnedProcess | undefined) => void;

  constructor(
    private readonly launch: Launch,
    private readonly spawner: Spawner,
    private readonly events: AttemptEvents,
    private readonly host?: Host,
  ) {
    this.#begun = new Promise((resolve) => (this.#begin = resolve));
    const { memoryLimitBytes: limit } = launch.spec;
    this.#guard = host ? host.guard : limit === undefined ? undefined : new MemoryGuard(limit);
  }

  /** Bytes of output on disk. */
  get outputBytes(): number {
    return this.#spool?.size ?? 0;
  }

  /** Runs it to its end. Never rejects. */
  async run(): Promise<ExecutionResult> {
    try {
      this.#spool = this.host?.output ?? (await this.#openSpool());
      try {
        return await this.#runCommand(this.#spool);
      } finally {
        await this.#spool.close();
      }
    } catch (error) {
      return this.#failed(error);
    } finally {
      await this.guests.end();
      if (!this.host) this.#guard?.end();
      this.#begin(undefined);
    }
  }

  /** What bounds the memory of all that runs in it. */
  get guard(): MemoryGuard | undefined {
    return this.#guard;
  }

  /** All processes that are known now, those of its guests as well. */
  pids(): number[] {
    return [...(this.#process?.pids() ?? []), ...this.guests.pids()];
  }

  /** Types, feeds and resizes as `input` says; returns false when the program takes nothing, or has ended. */
  async give({ data, size, isEnd }: GuestInput): Promise<boolean> {
    const { terminal, stdin } = (await this.#begun) ?? {};
    if (terminal !== undefined) {
      if (size !== undefined) terminal.resize(size);
      const typed = isEnd ? END_OF_INPUT : data;
      return typed === undefined || (await terminal.type(typed));
    }
    const isTaken = stdin !== undefined && (data === undefined || (await feed(stdin, data)));
    if (isEnd) stdin?.end();
    return isTaken;
  }

  #openSpool(): Promise<SpoolWriter> {
    return SpoolWriter.open(this.launch.spoolPath, {
      limitBytes: this.launch.outputLimitBytes,
      onFailure: (error) => this.stop({ outcome: 'worker_error', message: outputLost(error) }, 0),
      onGrowth: (bytes) => this.events.onOutput(bytes),
    });
  }

  /** Ends it, with `outcome` unless it is being ended already. A shorter grace than before is obeyed. */
  stop(stop: Stop, graceMs = this.launch.spec.graceMs): void {
    const graceEndsAt = performance.now() + graceMs;
    const isFirst = this.#stop === undefined;
    this.#stop ??= stop;
    this.host?.output.discard();
    if (!isFirst && graceEndsAt >= this.#graceEndsAt) return;
    this.#graceEndsAt = graceEndsAt;
    clearTimeout(this.#killTimer);
    this.#terminate(graceMs);
  }

  async #runCommand(spool: OutputSink): Promise<ExecutionResult> {
    if (this.#stop !== undefined) return this.#result(undefined, spool);
    const running = await this.#spawn();
    this.#process = running;
    // That it no longer reads is told to whoever feeds it.
    running.stdin?.on('error', () => undefined);
    this.#begin(running);
    this.events.onStarted(running.pid);
    const deadline = this.#startDeadline();
    if (!this.host) this.#guard?.watch(this, (message) => this.stop({ outcome: 'out_of_memory', message }, 0));
    const drained = Promise.all([
      this.#pump(running.stdout, 'stdout', spool),
      this.#pump(running.stderr, 'stderr', spool),
    ]);
    if (this.#stop !== undefined) this.#terminate(this.#graceEndsAt - performance.now());
    const status = await running.exited;
    deadline?.cancel();
    await this.guests.end();
    await this.#endRest(running);
    running.stdin?.destroy();
    const tooMuch = this.host ? undefined : this.#guard?.end();
    if (tooMuch !== undefined) this.#stop ??= { outcome: 'out_of_memory', message: tooMuch };
    const finished = running.terminal?.finish();
    await drainUnlessIdle(drained, running, spool);
    await finished;
    return this.#result(status, spool);
  }

  #startDeadline(): Deadline | undefined {
    const { timeoutMs: limitMs } = this.launch.spec;
    if (limitMs === null) return undefined;
    return new Deadline(limitMs, () => this.stop({ outcome: 'timed_out', message: timeLimit(limitMs) }));
  }

  async #spawn(): Promise<SpawnedProcess> {
    const command = resolveCommand(this.launch);
    try {
      const { cores } = this.launch.spec;
      const guard = this.#guard;
      if (guard === undefined && cores === undefined) return await this.spawner.spawn(command);
      const within = (start: () => void): void => (guard ? guard.within(start) : start());
      return await this.spawner.spawn(command, { within, cores });
    } finally {
      closeSync(command.stdinFd);
    }
  }

  #terminate(graceMs: number): void {
    const running = this.#process;
    if (running === undefined) return;
    if (graceMs > 0) askToEnd(running);
    this.#killTimer = setTimeout(() => running.signal('SIGKILL'), Math.max(graceMs, 0));
  }

  /** One chunk at a time: a slow disk slows the program, and nothing piles up here. Never rejects. */
  async #pump(source: Readable, stream: OutputStream, spool: OutputSink): Promise<void> {
    const mask = new SecretMask(this.launch.spec.secrets ?? []);
    const show = async (bytes: Buffer): Promise<void> => {
      if (bytes.length > 0) await spool.write(stream, bytes);
    };
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) await show(mask.push(chunk));
    } catch (error) {
      if (!isErrno(error, 'ERR_STREAM_PREMATURE_CLOSE'))
        this.stop({ outcome: 'worker_error', message: outputLost(error) }, 0);
    } finally {
      await show(mask.end());
    }
  }

  async #endRest(running: SpawnedProcess): Promise<void> {
    while (this.#stop !== undefined && performance.now() < this.#graceEndsAt && running.hasRest()) {
      // What had a parent outside of any known group is found once that parent has ended.
      askToEnd(running);
      await delay(REST_INTERVAL_MS);
    }
    clearTimeout(this.#killTimer);
    if (await running.killRest()) return;
    this.#hasLeftovers = true;
    this.#remark = 'Some of its processes would not end';
  }

  #result(status: ExitStatus | undefined, spool: OutputSink): ExecutionResult {
    const { outcome = 'exited', message = this.#remark } = this.#stop ?? {};
    return {
      outcome,
      exitCode: status?.exitCode ?? null,
      signal: status?.signal ?? null,
      ...(message === undefined ? {} : { message: cutText(message, MESSAGE_LENGTH_MAX) }),
      wallMs: this.#wallMs(),
      userCpuMs: roundOrNull(status?.userCpuMs),
      systemCpuMs: roundOrNull(status?.systemCpuMs),
      peakRssBytes: this.#peakBytes(status),
      outputBytes: spool.size,
      outputTruncated: spool.isTruncated,
      ...(this.#hasLeftovers && { hasLeftovers: true }),
    };
  }

  /** Of the largest process, or of all together where they were looked at together. */
  #peakBytes(status: ExitStatus | undefined): number | null {
    const together = this.#guard?.peakBytes ?? 0;
    const largest = status?.peakRssBytes ?? null;
    return together === 0 ? largest : Math.max(largest ?? 0, together);
  }

  #failed(error: unknown): ExecutionResult {
    const isTaskFault = error instanceof SpawnFailure && !error.isWorkerFault;
    const message = error instanceof SpawnFailure ? error.message : `The attempt could not be run: ${errorCode(error)}`;
    return {
      ...failedResult(isTaskFault ? 'spawn_failed' : 'worker_error', message),
      wallMs: this.#wallMs(),
    };
  }

  #wallMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}

/** Returns false when the program no longer reads. */
function feed(stdin: Writable, data: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => stdin.write(data, (error) => resolve(!error)));
}

function askToEnd(process: SpawnedProcess): void {
  process.signal('SIGTERM');
  // An interactive shell ignores SIGTERM, and ends when its terminal is gone.
  if (process.terminal !== undefined && ignores(process.pid, constants.signals.SIGTERM)) process.signal('SIGHUP');
  // A stopped process takes SIGTERM only once it continues.
  process.signal('SIGCONT');
}

/** Waits for the pipes' end, but not for ever: see {@link DRAIN_IDLE_MS}. */
async function drainUnlessIdle(drained: Promise<unknown>, process: SpawnedProcess, spool: OutputSink): Promise<void> {
  let before = -1;
  const timer = setInterval(() => {
    const isIdle = !spool.isWriting && spool.receivedBytes === before;
    before = spool.receivedBytes;
    if (isIdle) for (const stream of [process.stdout, process.stderr]) stream.destroy();
  }, DRAIN_IDLE_MS);
  try {
    await drained;
  } finally {
    clearInterval(timer);
  }
}

function outputLost(error: unknown): string {
  return `The worker could not keep the output: ${errorCode(error)}`;
}

function timeLimit(limitMs: number): string {
  return `The time limit of ${formatDuration(limitMs)} was reached`;
}

function roundOrNull(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms);
}
