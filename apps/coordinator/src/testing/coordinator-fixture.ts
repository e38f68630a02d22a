import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DataSource } from 'typeorm';
import { MitosisClient, registerWorker, WorkerClient } from '@mitosis/client';
import { CoordinatorConfig } from '@mitosis/config';
import { createDataSource, migrate } from '@mitosis/database';
import type { AttemptReport, ClaimedTask, WorkerRegistration } from '@mitosis/protocol';
import type { QueueConfig } from '@mitosis/queue';
import { freshDatabase, redisServer, silentLog, tempDir, type Scope } from '@mitosis/testing';
import { createCoordinator, queueConfig } from '../create-coordinator.js';
import { checkAnswers } from './checked-fetch.js';

export type Backend = 'postgres' | 'redis';
export const BACKENDS: readonly Backend[] = ['postgres', 'redis'];

const SCRAPE_TOKEN = 'token-of-the-scraper';

/** A coordinator of a test, with its administrator logged in. */
export interface CoordinatorFixture {
  readonly url: string;
  readonly api: MitosisClient;
  readonly token: string;
  readonly password: string;
  /** With which Prometheus reads the metrics. */
  readonly scrapeToken: string;
  readonly database: DataSource;
  /** The server of its queues. */
  readonly queue: QueueConfig;
  /** Where its keys are. */
  readonly stateDir: string;
  /** Every HTTP route that is served, as `METHOD /path`. */
  readonly routes: readonly string[];
  /** Another coordinator on the same database. */
  startReplica(): Promise<{ readonly url: string; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

async function migratedDatabase(scope: Scope): Promise<string> {
  return freshDatabase(scope, {
    template: 'mitosis',
    prepare: async (url) => {
      const dataSource = createDataSource({ url });
      await dataSource.initialize();
      await migrate(dataSource);
      await dataSource.destroy();
    },
  });
}

/** Starts a coordinator on a database of its own, with the queues on `backend`. */
export async function coordinatorFixture(
  scope: Scope,
  backend: Backend,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<CoordinatorFixture> {
  const stateDir = await tempDir(scope);
  const config = CoordinatorConfig.parse({
    bind: '127.0.0.1:0',
    db_url: await migratedDatabase(scope),
    state_dir: stateDir,
    metrics_token: SCRAPE_TOKEN,
    ...settings,
    ...(backend === 'redis' && { redis_url: (await redisServer(scope)).url }),
  });
  const start = async () => {
    const coordinator = await createCoordinator(config, silentLog);
    scope.teardown(() => coordinator.stop());
    await coordinator.start();
    checkAnswers(coordinator.url);
    return coordinator;
  };
  const database = createDataSource({ url: config.db_url, poolSize: 2, applicationName: 'test' });
  scope.teardown(() => (database.isInitialized ? database.destroy() : undefined));
  await database.initialize();
  const first = await start();
  const password = (await readFile(path.join(stateDir, 'admin-password'), 'utf8')).trim();
  const { token } = await new MitosisClient({ url: first.url }).login('mitosis_admin', password);
  const api = new MitosisClient({ url: first.url, token });
  return {
    url: first.url,
    api,
    token,
    password,
    scrapeToken: SCRAPE_TOKEN,
    database,
    queue: queueConfig(config, ''),
    stateDir,
    routes: first.routes,
    startReplica: start,
    stop: () => first.stop(),
  };
}

/** A worker as the coordinator sees one, without anything that runs commands. */
export async function connectWorker(
  { url, token }: Pick<CoordinatorFixture, 'url' | 'token'>,
  options: { tags?: string[]; takes?: 'any' | 'only_tagged'; slots?: number; groups?: string[] } = {},
): Promise<WorkerClient & { readonly registration: WorkerRegistration }> {
  const registration = await registerWorker(url, token, { slots: 1, hostname: 'test', version: '0', ...options });
  return Object.assign(new WorkerClient({ url, token: registration.token }), { registration });
}

/** The report of an attempt that ended with `exitCode`. */
export function reportOf(
  { task, attempt, lease }: ClaimedTask,
  exitCode: number,
  changes: Partial<AttemptReport> = {},
): AttemptReport {
  return {
    request: randomUUID(),
    task,
    attempt,
    lease,
    outcome: 'exited',
    exit_code: exitCode,
    signal: null,
    message: null,
    wall_ms: 5,
    user_cpu_ms: 1,
    system_cpu_ms: 1,
    peak_rss_bytes: 1_000_000,
    output_bytes: 0,
    is_output_truncated: false,
    output: null,
    artifacts: [],
    not_kept: [],
    notes: [],
    metrics: null,
    new_tasks: [],
    ...changes,
  };
}
