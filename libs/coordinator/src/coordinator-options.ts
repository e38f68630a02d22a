import type { DataSource } from 'typeorm';
import type { Log, TaskLimits } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { QueueAccess, QueueBackend } from '@mitosis/queue';
import type { FirstAdmin } from './access/bootstrap-admin.js';
import type { KeyPair } from './auth/key-pair.js';
import type { AccessLifetimes } from './compose/create-access.js';
import type { NotificationSettings } from './compose/create-notifications.js';
import type { JoinFiles } from './http/join-routes.js';
import type { WorkloadDefaults } from './workloads/submit-workload.js';

export interface CoordinatorOptions extends AccessLifetimes {
  readonly host: string;
  readonly port: number;
  /** Certificate and key in PEM format: with them it speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly dataSource: DataSource;
  /** The same database, over connections whose commits need not reach the disk: for what a sweep mends. */
  readonly hints: DataSource;
  /** The same database, for the statements that run with every request and every task: planned once. */
  readonly hot: DataSource;
  readonly queue: QueueBackend;
  /** Of workers that consume from the queue server themselves; the others get nothing. */
  readonly queueAccess: QueueAccess;
  readonly store: ObjectStore;
  readonly keys: KeyPair;
  readonly admin: FirstAdmin;
  /** A worker that sends no heartbeat for longer than this loses its running attempts. */
  readonly leaseMs: number;
  /** A task that has waited for so long gets a machine that is kept free for it. */
  readonly reserveAfterMs: number;
  /** How long a signed request to the object store is good for. */
  readonly urlLifetimeMs: number;
  /** How long a program is kept that nothing uses. */
  readonly programRetentionMs: number;
  /** Workers that may be alive at a time; any number when not set. */
  readonly workersMax?: number | undefined;
  /** Of each new group: how many of its tasks may wait at a time; any number when not set. */
  readonly queuedTasksMax: number | undefined;
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** With this bearer token the metrics can be read without an account. */
  readonly scrapeToken?: string | undefined;
  /** What tasks get that say nothing else, unless their group says it; and the longest time limit. */
  readonly taskLimits: TaskLimits;
  readonly workloadDefaults: WorkloadDefaults;
  /** The address in front of it, when there is one. */
  readonly publicUrl?: string | undefined;
  /** What machines fetch that become workers. */
  readonly joinFiles?: JoinFiles | undefined;
  /** 256 bits with which secrets of groups and of receivers are encrypted; not in the database. */
  readonly secretsKey: Buffer;
  readonly notifications: NotificationSettings;
  readonly log: Log;
}
