import 'reflect-metadata';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { MitoError } from '@mitosis/domain';
import { assertSessions, POOLER_ADVICE } from './assert-sessions.js';
import { ApiToken } from './entities/api-token.entity.js';
import { Artifact } from './entities/artifact.entity.js';
import { Attachment } from './entities/attachment.entity.js';
import { Attempt } from './entities/attempt.entity.js';
import { AuditEntry } from './entities/audit-entry.entity.js';
import { Checkpoint } from './entities/checkpoint.entity.js';
import { CodePack, CodeTree } from './entities/code.entity.js';
import { Dependency } from './entities/dependency.entity.js';
import { Enrolment } from './entities/enrolment.entity.js';
import { ExperimentTask } from './entities/experiment-task.entity.js';
import { GroupSecret } from './entities/group-secret.entity.js';
import { Group } from './entities/group.entity.js';
import { HeldUnit, Holding, Reservation } from './entities/holding.entity.js';
import { IdempotencyKey } from './entities/idempotency-key.entity.js';
import { Job } from './entities/job.entity.js';
import { Membership } from './entities/membership.entity.js';
import { Metrics } from './entities/metrics.entity.js';
import { NoticeMark, NoticeSubject } from './entities/notice.entity.js';
import { StoredObjectRow } from './entities/object.entity.js';
import { Program } from './entities/program.entity.js';
import { QueueRow } from './entities/queue.entity.js';
import { RateLimit } from './entities/rate-limit.entity.js';
import { Message, Receiver } from './entities/receiver.entity.js';
import { Schedule, ScheduleRun } from './entities/schedule.entity.js';
import { Session } from './entities/session.entity.js';
import { TaskSearch } from './entities/task-search.entity.js';
import { Task } from './entities/task.entity.js';
import { User } from './entities/user.entity.js';
import { WorkerGroup } from './entities/worker-group.entity.js';
import { Worker } from './entities/worker.entity.js';
import { Workload } from './entities/workload.entity.js';
import { KEPT_PLAN_SECONDS, KEPT_PLAN_SETTINGS, PlanKeepingClient } from './keep-plans.js';
import { FirstTables1700000000001 } from './migrations/0001-first-tables.js';
import { Access1700000000002 } from './migrations/0002-access.js';
import { EverythingATaskCanDo1700000000003 } from './migrations/0003-everything-a-task-can-do.js';
import { Files1700000000004 } from './migrations/0004-files.js';
import { SteerWorkers1700000000005 } from './migrations/0005-steer-workers.js';
import { SandboxedPrograms1700000000006 } from './migrations/0006-sandboxed-programs.js';
import { WorkerLoad1700000000007 } from './migrations/0007-worker-load.js';
import { WorkerCredentials1700000000009 } from './migrations/0009-worker-credentials.js';
import { LimitKeys1700000000011 } from './migrations/0011-limit-keys.js';
import { ChargedPrograms1700000000012 } from './migrations/0012-charged-programs.js';
import { SearchByAllThatIsSubmitted1700000000013 } from './migrations/0013-search-by-all-that-is-submitted.js';
import { NotesOfAttempts1700000000020 } from './migrations/0020-notes-of-attempts.js';
import { QueueTrouble1700000000021 } from './migrations/0021-queue-trouble.js';
import { WordsOfEveryScript1700000000022 } from './migrations/0022-words-of-every-script.js';
import { UnfinishedSubmissions1700000000025 } from './migrations/0025-unfinished-submissions.js';
import { WhoGaveARole1700000000026 } from './migrations/0026-who-gave-a-role.js';
import { TroubleOfWorkers1700000000028 } from './migrations/0028-trouble-of-workers.js';
import { WhatExpires1700000000029 } from './migrations/0029-what-expires.js';
import { NamesOfWorkers1700000000030 } from './migrations/0030-names-of-workers.js';
import { NoLoginsOfWorkers1700000000031 } from './migrations/0031-no-logins-of-workers.js';
import { Receivers1700000000034 } from './migrations/0034-receivers.js';
import { Notices1700000000035 } from './migrations/0035-notices.js';
import { NeedsAndOffers1700000000038 } from './migrations/0038-needs-and-offers.js';
import { PlacesOfHoldings1700000000039 } from './migrations/0039-places-of-holdings.js';
import { NoTimeLimitUnlessAsked1700000000044 } from './migrations/0044-no-time-limit-unless-asked.js';
import { Code1700000000045 } from './migrations/0045-code.js';
import { Secrets1700000000046 } from './migrations/0046-secrets.js';
import { LimitsOfGroups1700000000047 } from './migrations/0047-limits-of-groups.js';
import { Requeues1700000000048 } from './migrations/0048-requeues.js';
import { Checkpoints1700000000049 } from './migrations/0049-checkpoints.js';
import { LimitsOfJobs1700000000050 } from './migrations/0050-limits-of-jobs.js';
import { TagsOfWorkers1700000000051 } from './migrations/0051-tags-of-workers.js';
import { DefaultNeeds1700000000052 } from './migrations/0052-default-needs.js';
import { Experiments1700000000053 } from './migrations/0053-experiments.js';
import { Schedules1700000000054 } from './migrations/0054-schedules.js';
import { EnvironmentLogs1700000000057 } from './migrations/0057-environment-logs.js';

export interface DatabaseOptions {
  readonly url: string;
  /** Connections at most. */
  readonly poolSize?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** False: a commit is answered before it is on disk (`synchronous_commit = off`). */
  readonly isDurable?: boolean;
  /** True: the plans of statements marked by `keepPlan` are kept. */
  readonly keepsPlans?: boolean;
}

/** Number of the advisory lock under which migrations run: two coordinators may start at once. */
const MIGRATION_LOCK = 0x6d69746f;

/**
 * A page in any place costs hardly more than the next one, on an SSD or in memory. By the server's own
 * guess (4) it reads a million tasks in order rather than a hundred of one group and state
 * (docs/decisions/0009 says when this is wrong).
 */
const PAGE_SETTING = '-c random_page_cost=1.1';

/** A data source that is not connected yet. Every statement is ended by the server after 30 s. */
export function createDataSource({
  url,
  poolSize = 10,
  applicationName = 'mitosis',
  isDurable = true,
  keepsPlans = false,
}: DatabaseOptions): DataSource {
  const settings = [
    PAGE_SETTING,
    ...(isDurable ? [] : ['-c synchronous_commit=off']),
    ...(keepsPlans ? [KEPT_PLAN_SETTINGS] : []),
  ];
  return new DataSource({
    type: 'postgres',
    // Given, so that it is not looked for by its name: a bundle has no packages.
    driver: pg,
    url,
    applicationName,
    poolSize,
    entities: [
      ApiToken,
      Artifact,
      Checkpoint,
      Attachment,
      Attempt,
      AuditEntry,
      Dependency,
      Enrolment,
      ExperimentTask,
      Group,
      HeldUnit,
      Holding,
      IdempotencyKey,
      Job,
      Membership,
      Metrics,
      GroupSecret,
      CodePack,
      CodeTree,
      Program,
      QueueRow,
      RateLimit,
      Receiver,
      Message,
      NoticeMark,
      NoticeSubject,
      Reservation,
      Schedule,
      ScheduleRun,
      Session,
      StoredObjectRow,
      Task,
      TaskSearch,
      User,
      Worker,
      WorkerGroup,
      Workload,
    ],
    migrations: [
      FirstTables1700000000001,
      Access1700000000002,
      EverythingATaskCanDo1700000000003,
      Files1700000000004,
      SteerWorkers1700000000005,
      SandboxedPrograms1700000000006,
      WorkerLoad1700000000007,
      WorkerCredentials1700000000009,
      LimitKeys1700000000011,
      ChargedPrograms1700000000012,
      SearchByAllThatIsSubmitted1700000000013,
      NotesOfAttempts1700000000020,
      QueueTrouble1700000000021,
      WordsOfEveryScript1700000000022,
      UnfinishedSubmissions1700000000025,
      WhoGaveARole1700000000026,
      TroubleOfWorkers1700000000028,
      WhatExpires1700000000029,
      NamesOfWorkers1700000000030,
      NoLoginsOfWorkers1700000000031,
      Receivers1700000000034,
      Notices1700000000035,
      NeedsAndOffers1700000000038,
      PlacesOfHoldings1700000000039,
      NoTimeLimitUnlessAsked1700000000044,
      LimitsOfGroups1700000000047,
      Requeues1700000000048,
      Checkpoints1700000000049,
      Experiments1700000000053,
      Code1700000000045,
      Schedules1700000000054,
      EnvironmentLogs1700000000057,
      Secrets1700000000046,
      LimitsOfJobs1700000000050,
      TagsOfWorkers1700000000051,
      DefaultNeeds1700000000052,
    ],
    migrationsTableName: 'migrations',
    extra: {
      keepAlive: true,
      statement_timeout: 30_000,
      connectionTimeoutMillis: 5_000,
      ...(keepsPlans && { Client: PlanKeepingClient, maxLifetimeSeconds: KEPT_PLAN_SECONDS }),
      ...(settings.length > 0 && { options: settings.join(' ') }),
    },
  });
}

/**
 * Opens it. Throws `database_unavailable` with the reason that
 * PostgreSQL or the network gave, without the password in the URL.
 */
export async function connect(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (cause) {
    if (!(cause instanceof Error) || typeof (cause as { code?: unknown }).code !== 'string') throw cause;
    const advice = /unsupported startup parameter/.test(cause.message) ? `; ${POOLER_ADVICE}` : '';
    throw new MitoError(
      'unavailable',
      'database_unavailable',
      `the database can't be used: ${cause.message}${advice}`,
      {
        cause,
        details: { field: 'db_url' },
      },
    );
  }
}

/** The last of these migrations, by the number in their names. */
function latest(names: readonly string[]): string {
  return names.toSorted((a, b) => Number(/\d+$/.exec(a)?.[0] ?? 0) - Number(/\d+$/.exec(b)?.[0] ?? 0)).at(-1) ?? 'none';
}

/** A program that does not know the schema would write into it what the newer one does not expect. */
async function assertNotNewer(dataSource: DataSource): Promise<void> {
  const [table] = (await dataSource.query(`SELECT to_regclass('migrations') IS NOT NULL AS exists`)) as [
    { exists: boolean },
  ];
  if (!table.exists) return;
  const rows = (await dataSource.query('SELECT name FROM migrations')) as { name: string }[];
  const known = dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);
  const unknown = rows.map(({ name }) => name).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const [found, own] = [latest(unknown), latest(known)];
  throw new MitoError(
    'conflict',
    'schema_newer',
    `The schema of the database is newer than this program: it has ${found}, and this program knows ${own} at most. ` +
      'Start the newer version again, or restore a backup that was made before it.',
    { details: { found, own } },
  );
}

/**
 * Brings the schema up to date; safe when several processes do
 * it at the same time. Throws `schema_newer`, `database_pooled`.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  await assertSessions(dataSource);
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await assertNotNewer(dataSource);
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await runner.release();
  }
}
