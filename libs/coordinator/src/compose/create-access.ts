import type { DataSource } from 'typeorm';
import type { Log, Presence, Service } from '@mitosis/domain';
import type { QueueAccess } from '@mitosis/queue';
import { Groups } from '../access/groups.js';
import { Members } from '../access/members.js';
import { Users } from '../access/users.js';
import { AuditLog } from '../audit/audit-log.js';
import { ApiTokens } from '../auth/api-tokens.js';
import { Authenticator } from '../auth/authenticator.js';
import { LoginGuard } from '../auth/login-guard.js';
import type { Passwords } from '../auth/passwords.js';
import { Sessions } from '../auth/sessions.js';
import type { Tokens } from '../auth/tokens.js';
import { ApiRouter } from '../http/api-router.js';
import { authRoutes } from '../http/auth-routes.js';
import { groupRoutes } from '../http/group-routes.js';
import { userRoutes } from '../http/user-routes.js';
import { workerAdminRoutes } from '../http/worker-admin-routes.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { Enrolments, type Reach } from '../workers/enrolments.js';
import { ExpiredWorkers } from '../workers/expired-workers.js';
import { WorkerRegistry } from '../workers/register-worker.js';
import { WorkerAccess } from '../workers/worker-access.js';
import { WorkerAdmin } from '../workers/worker-admin.js';
import type { WorkerChannels } from '../workers/worker-channels.js';

/** How long what was handed out stays good, and how long the audit log remembers. */
export interface AccessLifetimes {
  readonly tokenLifetimeMs: number;
  readonly workerTokenLifetimeMs: number;
  readonly auditRetentionMs: number;
}

export interface CreateAccessOptions extends AccessLifetimes {
  /** Workers that may be alive at a time; any number when not set. */
  readonly workersMax?: number | undefined;
  /** Of each new group: how many of its tasks may wait at a time; any number when not set. */
  readonly queuedTasksMax: number | undefined;
  readonly dataSource: DataSource;
  readonly hot: DataSource;
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly presence: Presence;
  readonly queueAccess: QueueAccess;
  readonly channels: WorkerChannels;
  readonly log: Log;
  /** Where workers on other machines reach this coordinator. */
  reach(): Reach;
  isScraper(authorization: string | undefined): boolean;
  onSettled(settled: readonly SettledTask[]): void;
  /** Tasks of a group may run again. */
  onRoom(groupId: string): void;
}

export interface AccessParts {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly registry: WorkerRegistry;
  readonly audit: AuditLog;
  readonly services: readonly Service[];
  /** With users, groups, tokens, workers and the audit log mounted. */
  readonly api: ApiRouter;
}

/** Puts together everything that concerns who may do what. */
export function createAccess(options: CreateAccessOptions): AccessParts {
  const { dataSource, tokens, passwords, queueAccess, channels, log, queuedTasksMax, onSettled, onRoom } = options;
  const audit = new AuditLog({ dataSource, log, retentionMs: options.auditRetentionMs });
  const authenticator = new Authenticator(options.hot, tokens);
  const guard = new LoginGuard(dataSource);
  const sessions = new Sessions({ dataSource, tokens, passwords, guard, audit, lifetimeMs: options.tokenLifetimeMs });
  const workers = new WorkerAccess({ dataSource, access: queueAccess, channels, log, onSettled });
  const tokenLifetimeMs = options.workerTokenLifetimeMs;
  const registry = new WorkerRegistry({
    dataSource,
    authenticator,
    tokens,
    access: queueAccess,
    connection: queueAccess.connection,
    audit,
    workers,
    presence: options.presence,
    tokenLifetimeMs,
    workersMax: options.workersMax,
  });
  const enrolments = new Enrolments({ dataSource, audit, reach: options.reach });
  const workerAdmin = new WorkerAdmin({
    dataSource,
    workers,
    audit,
    silentMs: options.presence.silentMs,
    tell: (worker, message) => channels.send(worker, message),
  });
  const expired = new ExpiredWorkers({ dataSource, workers, audit, log, tokenLifetimeMs });
  const api = new ApiRouter({ authenticator, isScraper: options.isScraper });
  authRoutes(api, { sessions, apiTokens: new ApiTokens({ dataSource, audit }) });
  userRoutes(api, { users: new Users({ dataSource, passwords, workers, audit, queuedTasksMax }), audit });
  groupRoutes(api, {
    groups: new Groups({ dataSource, workers, audit, queuedTasksMax, onRoom }),
    members: new Members({ dataSource, workers, audit }),
  });
  workerAdminRoutes(api, { registry, enrolments, workerAdmin });
  return { authenticator, sessions, registry, audit, services: [audit, expired], api };
}
