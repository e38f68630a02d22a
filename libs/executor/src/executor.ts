import { randomInt } from 'node:crypto';
import { join, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError, type Log, type Service } from '@mitosis/domain';
import type { Execution, ExecutionRequest } from './execution.js';
import { LauncherProcess } from './launcher-process.js';
import { MARK_NAME } from './launcher/mark.js';
import type { FromLauncher } from './launcher/messages.js';
import { RunningExecution } from './running-execution.js';
import { lockScratch, type ScratchLock } from './scratch-lock.js';
import { sweepScratch } from './scratch.js';
import { kill, killStrays, type StrayMark } from './stray-processes.js';

export interface ExecutorOptions {
  /** Where all scratch folders lie; belongs to this executor alone and is emptied when it starts. */
  readonly scratchRoot: string;
  readonly log: Log;
  /** `best` unless told: posix_spawn where it works. `portable`: child_process everywhere. */
  readonly spawner?: 'best' | 'portable';
  /** Longest grace for tasks that `stop` ends, 2 s unless told. */
  readonly stopGraceMs?: number;
  /** How long the launcher may be silent before it is replaced, 30 s unless told. */
  readonly launcherSilenceMs?: number;
}

/** A guest has the id of its attempt before the `#`. */
const hostOf = (id: string): string => id.replace(/#.*/, '');

/** Tags of one launcher; see `LinuxSpawner`. */
const TAG_COUNT = 1_048_576n;
/** Of RLIMIT_RTTIME in microseconds: 12 days, so that no realtime program meets it. */
const TAG_FIRST = 1n << 40n;
const RESTART_DELAY_MAX_MS = 5000;
/** What `stop` waits beyond the grace: the launcher's own limits are below it. */
const STOP_PATIENCE_MS = 10_000;
/** A launcher that lived so long was not broken from the beginning. */
const LIFE_MIN_MS = 10_000;

/**
 * Runs tasks on this machine, through a launcher: a child process that starts them, so that neither
 * the worker's memory nor its event loop is involved. When the worker dies, the launcher ends all
 * tasks. When the launcher dies, the executor ends what it left, settles those attempts as
 * `worker_error` and starts another.
 */
export class Executor implements Service {
  readonly #executions = new Map<string, RunningExecution>();
  readonly #firstTag = TAG_FIRST + BigInt(randomInt(2 ** 31)) * TAG_COUNT;
  readonly #root: string;
  #launcher: LauncherProcess | undefined;
  #starting: Promise<void> | undefined;
  #lock: ScratchLock | undefined;
  #stopping: Promise<void> | undefined;
  #recovery: Promise<void> = Promise.resolve();
  #shortLives = 0;

  constructor(private readonly options: ExecutorOptions) {
    this.#root = resolve(options.scratchRoot);
  }

  /** Ends and removes what an earlier run left. Throws `scratch_in_use` when another executor has the root. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Ends all attempts with their processes, then the launcher; waits for that. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * Begins an attempt; how it ends is told by `result`, which never rejects. Throws `already_running`
   * for an id that is in use, and `executor_stopped` before `start` and after `stop`.
   */
  run(request: ExecutionRequest): Execution {
    const { executionId: id } = request;
    if (this.#stopping !== undefined || this.#lock === undefined) {
      throw new MitoError('unavailable', 'executor_stopped', 'The executor is not running');
    }
    if (this.#executions.has(id)) throw new MitoError('conflict', 'already_running', `${id} is being run already`);
    const execution = new RunningExecution(request, (message) => this.#launcher?.send(message));
    this.#executions.set(id, execution);
    void execution.result.then(() => this.#executions.delete(id));
    if (this.#launcher !== undefined) execution.launch();
    return execution;
  }

  /** The process that starts the tasks; undefined while there is none. */
  get launcherPid(): number | undefined {
    return this.#launcher?.pid;
  }

  async #start(): Promise<void> {
    const { log } = this.options;
    this.#lock = await lockScratch(this.#root);
    const strays = await killStrays({ environments: this.#mark.environments });
    const stuck = await sweepScratch(this.#root);
    if (strays.length + stuck.length > 0) log.warn({ strays, stuck }, 'an earlier run left what could not be removed');
    if (this.#stopping === undefined) this.#launch();
  }

  async #stop(): Promise<void> {
    // Whether it could start is told by `start`; what it did is undone here in either case.
    await Promise.allSettled([this.#starting]);
    const graceMs = this.options.stopGraceMs ?? 2000;
    const running = [...this.#executions.values()];
    for (const execution of running) execution.end('The worker is stopping', graceMs);
    const patience = delay(graceMs + STOP_PATIENCE_MS, undefined, { ref: false });
    await Promise.race([Promise.all(running.map(({ result }) => result)), patience]);
    await this.#recovery;
    await this.#launcher?.stop();
    for (const execution of running) execution.lose('The worker stopped before its processes had ended');
    await this.#lock?.release();
  }

  #launch(): void {
    const { log, spawner, launcherSilenceMs = 30_000 } = this.options;
    const startedAt = performance.now();
    this.#launcher = new LauncherProcess({
      log,
      firstTag: this.#firstTag,
      isPortable: spawner === 'portable',
      silenceMs: launcherSilenceMs,
      onMessage: (message) => this.#receive(message),
      onEnd: (reason) => this.#onLauncherEnd(reason, performance.now() - startedAt),
    });
    for (const execution of this.#executions.values()) execution.launch();
  }

  #receive(message: FromLauncher): void {
    if ('id' in message) this.#executions.get(hostOf(message.id))?.receive(message);
  }

  #onLauncherEnd(reason: string, lifeMs: number): void {
    this.#launcher = undefined;
    this.#shortLives = lifeMs < LIFE_MIN_MS ? this.#shortLives + 1 : 0;
    this.#recovery = this.#recover(reason);
  }

  /** Results are settled only when no process is left that could still write. */
  async #recover(reason: string): Promise<void> {
    const { log } = this.options;
    const orphaned = [...this.#executions.values()].filter((execution) => execution.isLaunched);
    if (this.#stopping !== undefined && orphaned.length === 0) return;
    log.error({ reason, attempts: orphaned.length }, 'the launcher is gone; another is started');
    // Where strays can't be found, the groups are known at least.
    if (process.platform !== 'linux') for (const { pid } of orphaned) if (pid !== undefined) kill(-pid, 'SIGKILL');
    const strays = await killStrays(this.#mark);
    if (strays.length > 0) log.error({ strays }, 'processes of tasks would not end');
    for (const execution of orphaned) execution.lose(`The attempt was lost: ${reason}`);
    await delay(this.#restartDelayMs());
    if (this.#stopping === undefined) this.#launch();
  }

  #restartDelayMs(): number {
    if (this.#stopping !== undefined) return 0;
    return this.#shortLives <= 3 ? 0 : Math.min(100 * 2 ** (this.#shortLives - 4), RESTART_DELAY_MAX_MS);
  }

  get #mark(): StrayMark & { tags: readonly [bigint, bigint] } {
    const environments = [`${MARK_NAME}=${join(this.#root, sep)}`];
    return { environments, tags: [this.#firstTag, this.#firstTag + TAG_COUNT] };
  }
}
