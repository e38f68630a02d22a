import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, GuardedChild } from '@mitosis/embedded';
import { eventually } from './eventually.js';
import { firstExecutable, installed } from './installed.js';
import type { Scope } from './scope.js';

const READY_TIMEOUT_MS = 10_000;
const PATHS = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'];
/** PgBouncer does not run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 } as const;

export interface PgbouncerOptions {
  readonly poolMode: 'session' | 'transaction' | 'statement';
  /** Startup parameters of clients that are ignored; by default those that ours send. */
  readonly ignored?: string;
  /** Further lines of `[pgbouncer]`. */
  readonly settings?: readonly string[];
}

/** Path of pgbouncer, see {@link installed}. */
export async function pgbouncerProgram(): Promise<string> {
  return installed({
    what: 'pgbouncer',
    packages: ['pgbouncer'],
    onMac: 'brew install pgbouncer',
    find: () => firstExecutable(PATHS),
  });
}

/** The connection string of a PgBouncer in front of the database of `url`, stopped when `scope` ends. */
export async function pgbouncer(
  scope: Scope,
  url: string,
  { poolMode, ignored = 'options, statement_timeout', settings = [] }: PgbouncerOptions,
): Promise<string> {
  const program = await pgbouncerProgram();
  const folder = await mkdtemp(join(tmpdir(), 'mito-pgbouncer-'));
  const port = await freePort();
  const target = new URL(url);
  const database = target.pathname.slice(1);
  const config = join(folder, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `${database} = host=${target.hostname} port=${target.port} ` +
      `user=${target.username} password=${decodeURIComponent(target.password)}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${poolMode}`,
    `ignore_startup_parameters = ${ignored}`,
    ...settings,
  ];
  await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const place of [folder, config]) await chown(place, NOBODY.uid, NOBODY.gid);
  const child = await GuardedChild.spawn({
    command: [program, config],
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/bin', LC_ALL: 'C' },
    stopSignal: 'TERM',
    graceSeconds: 5,
    removeAfter: '',
    ...(isRoot && { runAs: NOBODY }),
  });
  scope.teardown(async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await eventually(async () => !child.running || (await accepts(port)), {
    timeoutMs: READY_TIMEOUT_MS,
    message: `pgbouncer did not take connections on port ${port}`,
  });
  if (!child.running) throw new Error(`pgbouncer ended: ${(await child.exited).stderr}`);
  target.port = String(port);
  return target.href;
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      });
  });
}
