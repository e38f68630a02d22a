import { z } from 'zod';
import { isInRange, LEASE_MAX_MS, LEASE_MIN_MS } from '@mitosis/domain';
import { NewPassword } from '@mitosis/protocol';
import {
  AddressSetting,
  BindAddress,
  BytesSetting,
  DurationSetting,
  FlagSetting,
  ListSetting,
  LogLevel,
  VariablesSetting,
} from './fields.js';

/** `[coordinator]` of the configuration file, and `MITO_<FIELD>` in the environment. */
export const CoordinatorConfig = z.strictObject({
  bind: BindAddress.prefault('127.0.0.1:5000'),
  /** Certificate (with its chain) and key, PEM files: with them it speaks HTTPS. */
  tls_cert: z.string().optional(),
  tls_key: z.string().optional(),
  /**
   * It makes a certificate of its own, in state_dir, when tls_cert names none. Clients and workers know it by its pin.
   */
  tls_own: FlagSetting.default(false),
  /** The address by which workers and clients on other machines reach it, when a proxy is in front of it. */
  public_url: AddressSetting.optional(),
  /** Allows other addresses than loopback without TLS: passwords and tokens travel in the clear. */
  insecure_http: FlagSetting.default(false),
  /** Plain HTTP is refused on loopback, too: without a certificate nothing starts. */
  require_tls: FlagSetting.default(false),
  db_url: z
    .string()
    .regex(/^postgres(ql)?:\/\//i, 'write postgres://USER:PASSWORD@HOST:PORT/DATABASE')
    .default('postgres://mitosis:mitosis@127.0.0.1/mitosis'),
  /** When set, BullMQ runs on this Redis or Valkey instead of PostgreSQL. */
  redis_url: z
    .string()
    .regex(/^rediss?:\/\//i, 'write redis://HOST:PORT or rediss://HOST:PORT')
    .optional(),
  /** Prefix of all keys in Redis. */
  redis_prefix: z.string().default('mito'),
  /** How tasks reach workers: "coordinator", over the connection that each worker keeps to a coordinator, or "direct",
   *  from Redis, to workers that can connect to it (needs redis_url). */
  queue_access: z.enum(['coordinator', 'direct']).default('coordinator'),
  /** Folder for the key pair, the folder store and other files of this coordinator. */
  state_dir: z.string().default('./mitosis-state'),
  s3: z
    .string()
    .regex(/^https?:\/\//i, 'write http://HOST:PORT or https://HOST:PORT')
    .optional()
    .meta({ alias: 's3_url' }),
  s3_region: z.string().default('mitosis'),
  s3_bucket: z.string().default('mitosis').meta({ alias: 'artifacts_bucket' }),
  s3_access_key: z.string().optional(),
  s3_secret_key: z.string().optional(),
  s3_force_path_style: FlagSetting.default(true),
  /** The store's URL as workers and clients reach it, when that is another. */
  s3_public_endpoint: z
    .string()
    .regex(/^https?:\/\//i, 'write http://HOST:PORT or https://HOST:PORT')
    .optional(),
  /** False when no worker or client reaches the store: all bytes pass through the coordinator, as those of
   *  one that gets no connection do anyway. */
  s3_direct: FlagSetting.default(true),
  /** How long a signed request to the object store is good for. */
  signed_url_expires_in: DurationSetting.prefault('15m'),
  /** The first administrator, created when there is no user yet. */
  admin_user: z.string().default('mitosis_admin'),
  /** File for the generated password of the first administrator. */
  admin_password_file: z.string().optional(),
  /** Password of the first administrator; generated when not set. */
  admin_password: NewPassword.optional(),
  /** How long a login is good for. */
  access_token_expires_in: DurationSetting.prefault('7d').meta({ alias: 'token_duration' }),
  /** A worker's credential; renewed while the worker lives. */
  worker_token_expires_in: DurationSetting.refine(
    (ms) => ms >= 1_000 && ms <= 86_400_000,
    'must be a second at least and a day at most',
  ).prefault('24h'),
  /** How long a worker may be away before its running tasks are given to others. */
  lease: DurationSetting.refine(
    (ms) => ms >= LEASE_MIN_MS && ms <= LEASE_MAX_MS,
    'must be 3 seconds at least and an hour at most',
  )
    .prefault('15s')
    .meta({ alias: 'heartbeat_timeout' }),
  /** A task that needs more than is free keeps a machine free for itself when it has waited for so long. */
  reserve_after: DurationSetting.prefault('30s'),
  /** Workers that may be registered and alive at a time; any number when not set. */
  max_nodes: z.coerce.number().int().min(1).optional(),
  /**
   * Of each new group: tasks that may wait at a time ("mito admin
   * groups task-quota" changes it); any number when not set.
   */
  task_queue_size: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  /** How long the audit log remembers. */
  audit_retention: DurationSetting.prefault('365d'),
  /** Proxies in front of the coordinator: addresses or networks (10.0.0.0/8), with commas. The address of a caller is
   *  then the last one of X-Forwarded-For that is none of these. Others' X-Forwarded-For is ignored. */
  trusted_proxies: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((proxy) => proxy !== '')),
  /** Bearer token with which Prometheus may read /metrics; site administrators always may. */
  metrics_token: z.string().min(16).optional(),
  /** Linear memory of a WASM task that asks for no amount. */
  sandbox_memory_limit: BytesSetting.pipe(z.number().min(65_536).max(1_073_741_824)).default(67_108_864),
  /** How long a WASM program is kept that no task uses. */
  program_retention: DurationSetting.prefault('30d'),
  /** Time limit of tasks that name none, unless their group has a default. When not set: none, and 10m for the tasks
   *  of a computation. */
  task_timeout: DurationSetting.optional(),
  /** Longest time limit that a task may have; a group can have a shorter one ("mito admin groups limits"). */
  task_timeout_max: DurationSetting.optional(),
  /** Retries of tasks that name no number, unless their group has a default. When not set: 0, and 3 for the tasks of a
   *  computation. */
  max_retries: z.coerce.number().int().min(0).max(100).optional(),
  /** Delay before the first retry of tasks that name none; 5s when not set. */
  retry_delay: DurationSetting.refine((ms) => ms <= 3_600_000, 'must be an hour at most').optional(),
  /** Mail server for notifications: smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start. */
  smtp_url: z
    .string()
    .regex(/^smtps?:\/\/[^/]/i, 'write smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT')
    .optional(),
  /** Sender of the mails, such as "Mitosis <mito@example.org>". */
  smtp_from: z.string().min(3).optional(),
  /** Programs that receivers of site administrators may name: notify_commands = { pager = "/usr/local/bin/page" }. */
  notify_commands: VariablesSetting.default({}),
  /** Networks besides the public internet that webhooks may reach: addresses or networks (10.0.0.0/8), with commas. */
  notify_networks: ListSetting.refine(
    (ranges) => ranges.every((range) => isInRange(range.split('/', 1)[0] ?? '', range)),
    'write addresses or networks, such as 10.0.0.0/8 or fd00::/8',
  ).default([]),
  log_level: LogLevel.default('info'),
});
export type CoordinatorConfig = z.output<typeof CoordinatorConfig>;
