import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CoordinatorConfig } from '@mitosis/config';
import { Coordinator, loadKeyPair, type JoinFiles } from '@mitosis/coordinator';
import { createDataSource } from '@mitosis/database';
import { MitoError, type Finding, type Log } from '@mitosis/domain';
import { createObjectStore, RelayedStore, type ObjectStore, type ObjectStoreConfig } from '@mitosis/object-store';
import {
  ChannelAccess,
  createQueueBackend,
  type QueueAccess,
  type QueueBackend,
  type QueueConfig,
} from '@mitosis/queue';
import { isLoopback, readTls } from './tls/read-tls.js';

/** A secret for one use, the same on every replica that has the key pair. */
function deriveSecret(privatePem: string, purpose: string): Buffer {
  return createHmac('sha256', privatePem).update(purpose).digest();
}

/** Where the queues are, by the settings. */
export function queueConfig(config: CoordinatorConfig, accessKey: string): QueueConfig {
  if (config.redis_url === undefined) return { kind: 'postgres', databaseUrl: config.db_url, accessKey };
  return { kind: 'redis', url: config.redis_url, prefix: config.redis_prefix, accessKey };
}

/**
 * Workers on other machines are to come here and consume by themselves,
 * but get an address of the queues that is only good on this machine.
 */
export function queueReach(config: CoordinatorConfig): Finding | undefined {
  const { bind, redis_url: redisUrl, db_url: databaseUrl, queue_access: access } = config;
  if (access !== 'direct') return undefined;
  const [field, url] = redisUrl === undefined ? ['db_url', databaseUrl] : ['redis_url', redisUrl];
  const host = URL.canParse(url) ? new URL(url).hostname.replaceAll(/[[\]]/g, '') : '';
  if (isLoopback(bind.host) || !isLoopback(host)) return undefined;
  return {
    check: 'queue.address',
    status: 'warning',
    found: `workers on other machines can't reach the queues: ${field} names ${host}, and bind is ${bind.host}`,
    advice: `name in ${field} an address of the server that the workers reach`,
  };
}

/** Where the objects are, by the settings. Throws `invalid_config`. */
export function storeConfig(config: CoordinatorConfig, signingKey: Uint8Array): ObjectStoreConfig {
  if (config.s3 === undefined) return { kind: 'folder', dir: path.resolve(config.state_dir, 'objects'), signingKey };
  const { s3: endpoint, s3_region: region, s3_bucket: bucket, s3_force_path_style: forcePathStyle } = config;
  if (config.s3_access_key === undefined || config.s3_secret_key === undefined) {
    throw new MitoError(
      'invalid',
      'invalid_config',
      '[coordinator] s3_access_key: an S3 store needs s3_access_key and s3_secret_key',
      {
        details: { field: 's3_access_key' },
      },
    );
  }
  return {
    kind: 's3',
    endpoint,
    region,
    bucket,
    forcePathStyle,
    accessKeyId: config.s3_access_key,
    secretAccessKey: config.s3_secret_key,
    ...(config.s3_public_endpoint !== undefined && { publicEndpoint: config.s3_public_endpoint }),
  };
}

/** Where clients can't reach an S3 store, what they send and fetch passes through here. */
function createStore(config: CoordinatorConfig, signingKey: Uint8Array): ObjectStore {
  const store = createObjectStore(storeConfig(config, signingKey));
  return config.s3 === undefined ? store : new RelayedStore(store, { signingKey, isDirect: config.s3_direct });
}

/** How workers reach the queues. Throws `invalid_config`. */
function accessOf({ queue_access: wanted }: CoordinatorConfig, { access }: QueueBackend): QueueAccess {
  if (wanted === 'coordinator') return new ChannelAccess();
  if (access !== undefined) return access;
  const message =
    '[coordinator] queue_access: "direct" needs queues in Redis. Set redis_url, or leave queue_access out.';
  throw new MitoError('invalid', 'invalid_config', message, { details: { field: 'queue_access' } });
}

/** The mail server of notifications, by the settings. Throws `invalid_config`. */
function mailConfig({ smtp_url: url, smtp_from: from }: CoordinatorConfig): { url: string; from: string } | undefined {
  if (url === undefined) return undefined;
  if (from !== undefined) return { url, from };
  const message = '[coordinator] smtp_from: a mail has a sender. Set it to an address, or leave smtp_url out.';
  throw new MitoError('invalid', 'invalid_config', message, { details: { field: 'smtp_from' } });
}

/** The composition root: here, and nowhere else, it is chosen what stands behind each interface. */
export async function createCoordinator(
  config: CoordinatorConfig,
  log: Log,
  joinFiles?: JoinFiles,
): Promise<Coordinator> {
  const stateDir = path.resolve(config.state_dir);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const reach = queueReach(config);
  if (reach) log.warn({ advice: reach.advice }, reach.found);
  const keys = await loadKeyPair(path.join(stateDir, 'keys'));
  const accessKey = deriveSecret(keys.privatePem, 'queue access').toString('base64url');
  const queue = createQueueBackend(queueConfig(config, accessKey), log);
  return new Coordinator({
    host: config.bind.host,
    port: config.bind.port,
    tls: await readTls(config),
    dataSource: createDataSource({ url: config.db_url, applicationName: 'mitosis-coordinator' }),
    hints: createDataSource({
      url: config.db_url,
      applicationName: 'mitosis-coordinator hints',
      poolSize: 4,
      isDurable: false,
      keepsPlans: true,
    }),
    hot: createDataSource({
      url: config.db_url,
      applicationName: 'mitosis-coordinator hot',
      poolSize: 6,
      keepsPlans: true,
    }),
    queue,
    queueAccess: accessOf(config, queue),
    store: createStore(config, deriveSecret(keys.privatePem, 'signed urls')),
    keys,
    secretsKey: deriveSecret(keys.privatePem, 'group secrets'),
    notifications: {
      mail: mailConfig(config),
      commands: config.notify_commands,
      allowedNetworks: config.notify_networks,
    },
    admin: {
      username: config.admin_user,
      password: config.admin_password,
      passwordFile: config.admin_password_file ?? path.join(stateDir, 'admin-password'),
      queuedTasksMax: config.task_queue_size,
    },
    leaseMs: config.lease,
    reserveAfterMs: config.reserve_after,
    urlLifetimeMs: config.signed_url_expires_in,
    programRetentionMs: config.program_retention,
    tokenLifetimeMs: config.access_token_expires_in,
    workerTokenLifetimeMs: config.worker_token_expires_in,
    workersMax: config.max_nodes,
    queuedTasksMax: config.task_queue_size,
    auditRetentionMs: config.audit_retention,
    trustedProxies: config.trusted_proxies,
    scrapeToken: config.metrics_token,
    publicUrl: config.public_url,
    joinFiles,
    taskLimits: {
      timeoutDefaultMs: config.task_timeout ?? null,
      timeoutMaxMs: config.task_timeout_max ?? null,
      retriesDefault: config.max_retries ?? null,
      retryDelayDefaultMs: config.retry_delay ?? null,
    },
    workloadDefaults: { sandboxMemoryBytes: config.sandbox_memory_limit },
    log,
  });
}
