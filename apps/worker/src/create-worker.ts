import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { MitosisClient, registerWorker, resumeWorker } from '@mitosis/client';
import type { WorkerConfig } from '@mitosis/config';
import { MitoError, parseOffers, VERSION, type Log } from '@mitosis/domain';
import { DataDirLock } from '@mitosis/embedded';
import {
  Executor,
  machineName,
  parseReserve,
  placeName,
  provenLimits,
  SandboxExecutor,
  type ProvenLimits,
} from '@mitosis/executor';
import type { WorkerRegistration } from '@mitosis/protocol';
import { createQueueBackend, type QueueCredentials } from '@mitosis/queue';
import { HostOffer, keepTrying, Worker } from '@mitosis/worker';
import { enroll } from './enroll.js';
import { identityOf } from './identity.js';
import { tasksEnvironment } from './tasks-environment.js';

/** An enrolment code, or the token of a person; without both the configuration has user and password. */
export interface WorkerLogin {
  readonly code?: string | undefined;
  readonly token?: string | undefined;
}

async function userToken(
  { coordinator_addr: url, user, password }: WorkerConfig,
  token: string | undefined,
): Promise<string> {
  if (token !== undefined) return token;
  if (user === undefined || password === undefined) {
    throw new MitoError(
      'unauthenticated',
      'not_logged_in',
      'a worker needs an enrolment code (--enroll, MITO_ENROLL), or a login: ' +
        'run "mito login", or set MITO_USER and MITO_PASSWORD',
    );
  }
  return (await new MitosisClient({ url, retryMs: 30_000 }).login(user, password)).token;
}

/** A folder with `mito` in it, for tasks that report or submit: the program that this process runs. */
async function ownCommand(workDir: string): Promise<string> {
  const dir = path.join(workDir, 'bin');
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const script = `#!/bin/sh\nexec ${quote(process.execPath)} -- ${quote(path.resolve(process.argv[1] ?? ''))} "$@"\n`;
  await writeFile(path.join(dir, 'mito'), script, { mode: 0o755 });
  return dir;
}

async function register(
  config: WorkerConfig,
  workDir: string,
  slots: number,
  { code, token }: WorkerLogin,
): Promise<WorkerRegistration> {
  const { coordinator_addr: url, groups, tags, takes, labels, only, name } = config;
  const { secret: identity, isKnown } = await identityOf(workDir);
  const about = { hostname: hostname(), version: VERSION, identity };
  const what = { ...(takes && { takes }), ...(only && { only }) };
  const facts = { tags, labels, slots, ...about, ...what, ...(name !== undefined && { name }) };
  const hasLogin = token !== undefined || (config.user !== undefined && config.password !== undefined);
  // With a login it registers: the groups may be others than before.
  if (isKnown && !hasLogin) {
    const resumed = await resumeWorker(url, facts).catch((error: unknown) => {
      if (error instanceof MitoError && error.code === 'unknown_worker') return undefined;
      throw error;
    });
    if (resumed) return resumed;
  }
  if (code !== undefined) return enroll(url, code, { ...facts, workDir });
  return registerWorker(url, await userToken(config, token), { ...facts, ...(groups && { groups }) });
}

/** Throws `limits_not_enforced` where limits have to be kept and can't be. */
function strictly({ strict_limits: isStrict }: WorkerConfig, limits: ProvenLimits): ProvenLimits {
  if (!isStrict || limits.memory.startsWith('cgroup')) return limits;
  const why = 'No control group can be made here that limits memory: tasks would only be watched (--strict-limits)';
  throw new MitoError(
    'conflict',
    'limits_not_enforced',
    `${why}. Start the worker as root or with a delegated control group, or without --strict-limits`,
    { details: { field: '--strict-limits' } },
  );
}

/**
 * Looks at the machine, unless nothing is to be looked for; throws
 * for an option that is wrong before anything is registered.
 */
async function detectOffer(
  config: WorkerConfig,
  workDir: string,
  { log, env }: Pick<WorkerHooks, 'log' | 'env'>,
): Promise<HostOffer> {
  const machine = config.machine ?? machineName();
  parseReserve(config.reserve);
  return HostOffer.detect({
    workDir,
    env,
    machine,
    place: placeName(machine, workDir),
    isDetecting: config.detect,
    choice: {
      cpus: config.cpus,
      memBytes: config.mem,
      gpus: config.gpus,
      reserve: config.reserve,
      units: parseOffers(config.offer),
    },
    enforces: strictly(config, await provenLimits()),
    log,
  });
}

/** The composition root: registers the worker and puts its parts together. */
export async function createWorker(
  config: WorkerConfig,
  { log, env, onRevoked, onStopWanted, ...login }: WorkerHooks,
): Promise<Worker> {
  const workDir = path.resolve(config.work_dir);
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  // Before anybody hears of this worker: a second one in the folder would register under the identity of the first.
  const lock = await lockFolder(workDir);
  try {
    return await registeredWorker(config, workDir, { log, env, onRevoked, onStopWanted, ...login }, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Throws `work_dir_in_use` that names the process which has the folder. */
async function lockFolder(workDir: string): Promise<DataDirLock> {
  try {
    return await DataDirLock.acquire(workDir, { name: '.worker.lock' });
  } catch (error) {
    if (!(error instanceof MitoError) || error.code !== 'data_dir_in_use') throw error;
    const message = `The work folder ${workDir} is in use by the worker with process ID ${error.details.pid}`;
    throw new MitoError('conflict', 'work_dir_in_use', message, { cause: error, details: error.details });
  }
}

/** Where this worker consumes by itself; undefined when its deliveries come over the coordinator. */
function queueOf({ queue }: WorkerRegistration, log: Log) {
  const credentials = queue as unknown as QueueCredentials;
  return credentials.kind === 'coordinator' ? undefined : createQueueBackend(credentials, log);
}

type WorkerHooks = WorkerLogin & {
  log: Log;
  /** The environment of this process: tasks get of it what the configuration names. */
  env: Readonly<Record<string, string | undefined>>;
  onRevoked(): void;
  onStopWanted(): void;
};

async function registeredWorker(
  config: WorkerConfig,
  workDir: string,
  { log, env, onRevoked, onStopWanted, ...login }: WorkerHooks,
  lock: DataDirLock,
): Promise<Worker> {
  const { coordinator_addr: coordinatorUrl, tags } = config;
  const offer = await detectOffer(config, workDir, { log, env });
  const slots = config.slots ?? Math.max(offer.cpus, 1);
  // A coordinator that is away is waited for: without this line nobody sees what for.
  log.info({ coordinator: coordinatorUrl, slots, tags }, 'registering');
  const { signal } = new AbortController();
  const registration = await keepTrying('registering', () => register(config, workDir, slots, login), { log, signal });
  log.info({ worker: registration.uuid, called: registration.name, slots, tags }, 'registered');
  return new Worker({
    coordinatorUrl,
    registration,
    queue: queueOf(registration, log),
    executor: new Executor({ scratchRoot: path.join(workDir, 'scratch'), log }),
    sandbox: new SandboxExecutor({ processes: slots, log }),
    offer,
    gpuNaming: config.gpu_ids,
    isPinning: config.pin_cores,
    slots,
    isPrefetching: config.work_stealing_enabled,
    workDir,
    inputCacheBytes: config.input_cache,
    envDir: path.resolve(config.env_cache_dir ?? path.join(workDir, 'environments')),
    envCacheBytes: config.env_cache,
    ownEnv: env,
    logLimitBytes: config.log_limit,
    taskEnv: tasksEnvironment(config, env, await ownCommand(workDir)),
    hooks: { prolog: config.prolog, epilog: config.epilog, start: config.on_start, stop: config.on_stop },
    drainTimeoutMs: config.drain_timeout,
    lifetimeMs: config.lifetime,
    idleTimeoutMs: config.idle_timeout,
    metricsBind: config.metrics_bind,
    log,
    onRevoked,
    onStopWanted,
    onStopped: () => lock.release(),
  });
}
