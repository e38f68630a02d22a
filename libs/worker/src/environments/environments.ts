import { readFile, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatBytes, type Log, type Service } from '@mitosis/domain';
import { errorCode, isErrno, type Executor } from '@mitosis/executor';
import { SingleFlight } from '../inputs/single-flight.js';
import { EnvironmentCache, type HeldEntry } from './environment-cache.js';
import { BuildFailure, environmentFailed } from './environment-failed.js';
import { copyCounted, type EnvironmentPlan } from './environment-plan.js';
import type { EnvPlace } from './recipe.js';
import { runSteps, StepFailure, syncFileSystem } from './run-steps.js';

export interface EnvironmentsOptions {
  readonly dir: string;
  readonly limitBytes: number;
  readonly executor: Pick<Executor, 'run'>;
  readonly scratchRoot: string;
  readonly log: Log;
}

/** An environment that stays as it is until it is left. */
export interface HeldEnvironment {
  readonly place: EnvPlace;
  /** Of its build, when it was built for this task. */
  readonly log: string | undefined;
  leave(): Promise<void>;
}

export interface Request {
  readonly signal: AbortSignal;
  onPhase(phase: string): void;
}

/** A failed build is not tried again for this time, by however many tasks. */
const FAILED_FOR_MS = 60_000;
const TRIES = 3;
const RETRY_MS = 4_000;
const NO_SPACE = /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT|os error 28/i;
const NETWORK = new RegExp(
  [
    'timed out|ReadTimeout|ConnectTimeout|socket hang up|error sending request|Max retries exceeded|CondaHTTPError',
    'ETIMEDOUT|ECONNRESET|ECONNREFUSED|EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH',
    'Temporary failure in name resolution|Connection (?:reset|refused|aborted|broken)',
    '(?:50[0234]|429)\\b.{0,40}(?:Server Error|Bad Gateway|Unavailable|Timeout|Too Many)',
  ].join('|'),
  'i',
);

/** Environments of tasks: each is built once, however many tasks ask for it, and used by all of them. */
export class Environments implements Service {
  private readonly cache: EnvironmentCache;
  private readonly flights = new SingleFlight();
  private readonly failures = new Map<string, { readonly until: number; readonly error: Error }>();
  /** Built here, and not used by any task yet. */
  private readonly fresh = new Set<string>();

  constructor(private readonly options: EnvironmentsOptions) {
    this.cache = new EnvironmentCache(options);
  }

  async start(): Promise<void> {
    await this.cache.open();
  }

  async stop(): Promise<void> {}

  /** Builds it, waits for whoever builds it, or takes what is there. Throws {@link BuildFailure}. */
  async enter(plan: EnvironmentPlan, { signal, onPhase }: Request): Promise<HeldEnvironment> {
    const { key, title } = plan;
    for (;;) {
      signal.throwIfAborted();
      const entry = await this.cache.enter(key);
      if (entry) return this.held(entry);
      const failure = this.failures.get(key);
      if (failure && failure.until > performance.now()) throw failure.error;
      if (this.flights.has(key)) onPhase(`waiting for the environment (${title}) that another task builds`);
      await this.flights.run(key, signal, (shared) => this.build(plan, { signal: shared, onPhase }));
    }
  }

  private async held(entry: HeldEntry): Promise<HeldEnvironment> {
    const isFirst = this.fresh.delete(entry.name);
    const log = isFirst ? await readFile(this.cache.logOf(entry.name), 'utf8') : undefined;
    return { place: placeOf(entry), log, leave: () => this.leave(entry) };
  }

  private async leave(entry: HeldEntry): Promise<void> {
    await entry.leave();
    await this.cache.makeRoom();
  }

  private async build(plan: EnvironmentPlan, { signal, onPhase }: Request): Promise<void> {
    onPhase(`waiting for the environment (${plan.title}) that another worker builds`);
    const lock = await this.cache.lockBuilds(plan.key, signal);
    try {
      const there = await this.cache.enter(plan.key);
      if (there) return await there.leave();
      onPhase(`building the environment (${plan.title})`);
      await this.buildTrying(plan, signal);
      this.failures.delete(plan.key);
    } catch (error) {
      if (!signal.aborted) this.remember(plan, error as Error);
      throw error;
    } finally {
      await lock.release();
    }
  }

  private remember({ key, title }: EnvironmentPlan, error: Error): void {
    const now = performance.now();
    for (const [known, { until }] of this.failures) if (until < now) this.failures.delete(known);
    this.failures.set(key, { until: now + FAILED_FOR_MS, error });
    this.options.log.warn({ err: error, environment: title }, 'environment_failed');
  }

  /** What passes is waited for; a full disk is made room on once. */
  private async buildTrying(plan: EnvironmentPlan, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const { failure, log } = await this.tryBuild(plan, signal);
      if (failure === undefined) return;
      signal.throwIfAborted();
      const text = failure instanceof StepFailure ? `${failure.how} ${failure.words}` : errorCode(failure);
      if (NO_SPACE.test(text)) {
        if (tries === 1 && (await this.cache.makeRoom(0)) > 0) continue;
        throw new BuildFailure(`${await this.noSpace()} ${errorCode(failure)}`, log, failure);
      }
      if (tries === TRIES || !NETWORK.test(text))
        throw new BuildFailure(`the environment (${plan.title}) was not built: ${errorCode(failure)}`, log, failure);
      this.options.log.warn({ err: failure, tries }, 'an environment was not built; trying again');
      await delay(RETRY_MS * tries, undefined, { signal });
    }
  }

  /** Leaves a complete entry, or none. */
  private async tryBuild(plan: EnvironmentPlan, signal: AbortSignal) {
    let entry: HeldEntry | undefined;
    let failure: unknown;
    let log = '';
    try {
      entry = await this.cache.begin(plan.key);
      const logFile = this.cache.logOf(entry.name);
      await this.buildAt(plan, entry, { logFile, signal }).finally(async () => (log = await textOf(logFile)));
      this.fresh.add(entry.name);
    } catch (error) {
      failure = error;
    }
    await entry?.leave();
    if (entry && failure !== undefined) await this.cache.remove(entry.name);
    return { failure, log };
  }

  private async buildAt(
    plan: EnvironmentPlan,
    entry: HeldEntry,
    { logFile, signal }: { readonly logFile: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const { executor, scratchRoot, limitBytes } = this.options;
    const { recipe, group, secrets } = plan;
    const downloads = await this.cache.enterDownloads(group);
    try {
      const place = placeOf(entry, downloads);
      await copyCounted(plan, place);
      const env = { ...plan.env, ...recipe.buildEnv(place), PATH: withFolders(plan.env.PATH, recipe.toolDirs) };
      const steps = { id: `env-${entry.name}`, steps: recipe.steps(place), dir: place.sourceDir };
      await runSteps({ executor, scratchRoot, ...steps, env, secrets, logFile, signal });
      const bytes = await this.cache.finish(entry.name, () => syncFileSystem(entry.dir));
      if (bytes > limitBytes) throw tooLarge(bytes, limitBytes);
      await this.cache.measureDownloads(downloads);
    } finally {
      await downloads.leave();
    }
  }

  private async noSpace(): Promise<string> {
    const { bavail, bsize } = await statfs(this.cache.dir);
    return (
      `there is no space for the environment: ${formatBytes(bavail * bsize)} are free in ` +
      `${this.cache.dir} of the worker. Make room there, or choose another folder with --env-cache-dir.`
    );
  }
}

function placeOf({ dir }: HeldEntry, downloads?: HeldEntry): EnvPlace {
  return {
    envDir: path.join(dir, 'env'),
    sourceDir: path.join(dir, 'source'),
    downloadsDir: downloads?.dir ?? '',
  };
}

/** Empty before something was written. */
async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  });
}

function tooLarge(bytes: number, limitBytes: number): Error {
  const has = `the environment has ${formatBytes(bytes)}, and the worker keeps ${formatBytes(limitBytes)} at most`;
  return environmentFailed(`${has}: start the worker with a larger --env-cache, or leave packages out`);
}

/** A PATH with these folders at its end, as far as it has them not. */
export function withFolders(found: string | undefined, folders: readonly string[]): string {
  const known = (found ?? '').split(':').filter((folder) => folder !== '');
  return [...new Set([...known, ...folders])].join(':');
}
