import path from 'node:path';
import { Command, Option } from 'clipanion';
import type { createCoordinator } from '@mitosis/coordinator-app';
import { ServiceCommand, type ServiceRun } from './service-command.js';

/** It may be killed at any time without losing anything: nobody has to wait longer for it. */
const STOP_LIMIT_MS = 30_000;

export class CoordinatorCommand extends ServiceCommand {
  static override paths = [['coordinator']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'start a coordinator',
    details:
      'Needs a PostgreSQL database; ' +
      'settings come from [coordinator] of the configuration file, from MITO_… and from these options.',
    examples: [['With the queues on Redis', '$0 coordinator --db postgres://mito@db/mito --redis redis://queue:6379']],
  });

  readonly bind = Option.String('-b,--bind', { description: 'host:port to listen on' });
  readonly tlsCert = Option.String('--tls-cert', { description: 'certificate with its chain (PEM): serve HTTPS' });
  readonly tlsKey = Option.String('--tls-key', { description: 'key of the certificate (PEM)' });
  readonly tlsOwn = Option.Boolean('--tls-own', {
    description: 'make a certificate of its own, which workers and clients know by its pin',
  });
  readonly insecureHttp = Option.Boolean('--insecure-http', {
    description: 'listen on other addresses than loopback without TLS',
  });
  readonly db = Option.String('--db', { description: 'URL of the PostgreSQL database' });
  readonly redis = Option.String('--redis', { description: 'URL of Redis or Valkey for the queues' });
  readonly stateDir = Option.String('--state-dir', { description: 'folder for keys and, without S3, objects' });
  readonly adminUser = Option.String('--admin-user', { description: 'name of the first administrator' });
  readonly adminPassword = Option.String('--admin-password', {
    description: 'other users of this machine can see it: better MITO_ADMIN_PASSWORD',
    hidden: true,
  });
  readonly tokenLifetime = Option.String('--access-token-expires-in', {
    description: 'how long a login lasts, e.g. 7d',
  });
  readonly lease = Option.String('--lease,--heartbeat-timeout', {
    description: 'how long a worker may be away before its tasks are given to others, e.g. 1m (15s)',
  });
  readonly s3 = Option.String('--s3', { description: 'URL of an S3-compatible store; without it a folder is used' });
  readonly s3AccessKey = Option.String('--s3-access-key', { description: 'its access key' });
  readonly s3SecretKey = Option.String('--s3-secret-key', {
    description: 'other users of this machine can see it: better MITO_S3_SECRET_KEY',
  });
  readonly s3Region = Option.String('--s3-region', { description: 'its region' });
  readonly s3ForcePathStyle = Option.Boolean('--s3-force-path-style', {
    description: 'the bucket is in the path, not in the host name',
  });
  readonly bucket = Option.String('--artifacts-bucket', { description: 'the bucket for everything that is kept' });
  readonly attachmentsBucket = Option.String('--attachments-bucket', { hidden: true });
  readonly redisWorkerPassword = Option.String('--redis-worker-password', { hidden: true });
  readonly redisClientPassword = Option.String('--redis-client-password', { hidden: true });
  readonly redisSkipAclRules = Option.Boolean('--redis-skip-acl-rules', { hidden: true });
  readonly privateKeyPath = Option.String('--access-token-private-path', { hidden: true });
  readonly publicKeyPath = Option.String('--access-token-public-path', { hidden: true });

  protected readonly portOption = '--bind';

  protected async prepare(): Promise<ServiceRun> {
    const { CoordinatorConfig, loadSettings } = await import('@mitosis/config');
    const settings = loadSettings('coordinator', CoordinatorConfig, {
      env: this.context.env,
      cwd: process.cwd(),
      configFile: this.config,
      note: (text) => this.note(text),
      flags: {
        bind: this.bind,
        tls_cert: this.tlsCert,
        tls_key: this.tlsKey,
        tls_own: this.tlsOwn,
        insecure_http: this.insecureHttp,
        db_url: this.db,
        redis_url: this.redis,
        state_dir: this.stateDir,
        admin_user: this.adminUser,
        admin_password: this.adminPassword,
        access_token_expires_in: this.tokenLifetime,
        lease: this.lease,
        s3: this.s3,
        s3_access_key: this.s3AccessKey,
        s3_secret_key: this.s3SecretKey,
        s3_region: this.s3Region,
        s3_force_path_style: this.s3ForcePathStyle,
        s3_bucket: this.bucket,
        log_level: this.logLevel,
      },
    });
    const { createProcessLog } = await import('../process-log.js');
    const { createCoordinator } = await import('@mitosis/coordinator-app');
    this.noteObsoleteOptions();
    const log = createProcessLog(settings.log_level, 'coordinator', {
      isTerminal: process.stderr.isTTY === true,
      file: this.chosenLogFile('coordinator'),
    });
    const { packageFiles } = await import('../join/package-files.js');
    const files = packageFiles(path.resolve(settings.state_dir, 'join'));
    const service = await createCoordinator(settings, log, files);
    const ready = (): object => {
      const { url, reach } = service;
      log.info({ url, ...reach }, 'listening');
      return { url, ...reach };
    };
    if (this.context.env.MITO_SERVES_PARENT === '1') this.serveParent(service);
    return { service, log, ready, stopLimitMs: STOP_LIMIT_MS };
  }

  /** The account that started this process owns its data, so it is an administrator and needs no password. */
  private serveParent(service: Awaited<ReturnType<typeof createCoordinator>>): void {
    process.on('message', (message: { readonly type?: string }) => {
      if (message.type !== 'login') return;
      service.operatorLogin().then(
        (login) => process.send?.({ type: 'login', ...login, expiresAt: login.expiresAt.toISOString() }),
        (error: unknown) =>
          process.send?.({ type: 'login', error: (error as Error).message, code: 'no_administrator' }),
      );
    });
  }

  private noteObsoleteOptions(): void {
    this.noteObsolete([
      ['--attachments-bucket', this.attachmentsBucket, 'everything is in one bucket, that of --artifacts-bucket'],
      ['--redis-worker-password', this.redisWorkerPassword, 'every worker gets a password of its own'],
      ['--redis-client-password', this.redisClientPassword, 'clients do not need Redis'],
      ['--redis-skip-acl-rules', this.redisSkipAclRules, 'workers are always limited to the keys of their groups'],
      ['--access-token-private-path', this.privateKeyPath, 'the keys are in the folder of --state-dir'],
      ['--access-token-public-path', this.publicKeyPath, 'the keys are in the folder of --state-dir'],
    ]);
  }
}
