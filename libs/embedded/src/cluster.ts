import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, open, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MitoError } from '@mitosis/domain';
import type { RunAs } from './guarded-child.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { isErrno } from './process-identity.js';
import { folderInTheWay } from './reachable.js';

const run = promisify(execFile);

/** Name of the cluster's superuser and of the database that is made in it. */
export const OWNER = 'mitosis';
const INITDB_TIMEOUT_MS = 120_000;
const DRAFT_PREFIX = 'cluster.new-';

/** Where the parts of a data folder lie. The server's user owns the cluster only. */
export interface ClusterFolders {
  readonly root: string;
  readonly cluster: string;
  readonly logFile: string;
  readonly passwordFile: string;
}

/**
 * Makes the data folder and finds out whether the server's user can work in it.
 * Throws invalid `data_dir_unreachable`, which names the folder in the way.
 */
export async function prepareFolders(
  dataDir: string,
  user: RunAs | undefined,
  ephemeral: boolean,
): Promise<ClusterFolders> {
  await mkdir(dataDir, { recursive: true });
  const root = await realpath(dataDir);
  await assertReachable(dirname(root), user);
  // The guard of an ephemeral server removes the folder as the server's user.
  if (user !== undefined && ephemeral) await chown(root, user.uid, user.gid);
  await chmod(root, user === undefined || ephemeral ? 0o700 : 0o711);
  const folders = {
    root,
    cluster: join(root, 'cluster'),
    logFile: join(root, 'postgres.log'),
    passwordFile: join(root, 'password'),
  };
  await removeDrafts(root);
  return folders;
}

async function assertReachable(folder: string, user: RunAs | undefined): Promise<void> {
  const obstacle = await folderInTheWay(folder, user);
  if (obstacle === undefined) return;
  throw new MitoError(
    'invalid',
    'data_dir_unreachable',
    `PostgreSQL cannot run as root, and the user it runs as may not enter ${obstacle}; ` +
      `choose a data folder elsewhere (for example below /var/lib), or allow it with: chmod o+x ${obstacle}`,
    { details: { folder: obstacle } },
  );
}

async function ownedFolder(path: string, user: RunAs | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (user !== undefined) await chown(path, user.uid, user.gid);
}

async function removeDrafts(root: string): Promise<void> {
  const drafts = (await readdir(root)).filter((name) => name.startsWith(DRAFT_PREFIX));
  for (const name of drafts) await rm(join(root, name), { recursive: true, force: true, maxRetries: 5 });
}

/**
 * The superuser's password, after making the cluster if there is none yet (in a draft folder that
 * is renamed when complete, so a crash leaves either nothing or a whole cluster).
 * Throws unavailable `postgres_password_missing` or conflict `postgres_version_mismatch`.
 */
export async function ensureCluster(
  folders: ClusterFolders,
  options: { readonly binaries: PostgresBinaries; readonly user: RunAs | undefined; readonly ephemeral: boolean },
): Promise<string> {
  const version = await readIfThere(join(folders.cluster, 'PG_VERSION'));
  const password = (await readIfThere(folders.passwordFile))?.trim();
  if (version === undefined) {
    const chosen = password !== undefined && password !== '' ? password : await newPassword(folders.passwordFile);
    await initCluster(folders, chosen, options);
    return chosen;
  }
  assertVersion(folders.cluster, version.trim(), options.binaries.major);
  if (password !== undefined && password !== '') return password;
  throw new MitoError(
    'unavailable',
    'postgres_password_missing',
    `the password file ${folders.passwordFile} of an existing database is missing; put it back from a backup`,
    { details: { file: folders.passwordFile } },
  );
}

async function newPassword(file: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  await rename(draft, file);
  return password;
}

async function initCluster(
  folders: ClusterFolders,
  password: string,
  options: { readonly binaries: PostgresBinaries; readonly user: RunAs | undefined; readonly ephemeral: boolean },
): Promise<void> {
  const { binaries, user, ephemeral } = options;
  const draft = join(folders.root, `${DRAFT_PREFIX}${randomUUID()}`);
  await ownedFolder(draft, user);
  const passwordFile = join(draft, 'pw');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
  const data = join(draft, 'data');
  try {
    await run(binaries.initdb, initdbArguments(data, passwordFile, ephemeral), {
      cwd: folders.root,
      env: serverEnvironment(),
      timeout: INITDB_TIMEOUT_MS,
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    await rename(data, folders.cluster);
    if (!ephemeral) await syncFolder(folders.root);
  } catch (error) {
    throw new MitoError(
      'unavailable',
      'postgres_init_failed',
      `could not make a database in ${folders.root}: ${lastWords(error)}`,
      { cause: error },
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function initdbArguments(data: string, passwordFile: string, ephemeral: boolean): string[] {
  return [
    ['--pgdata', data],
    ['--username', OWNER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    // The built-in provider sorts and folds alike on every system, whatever its C library knows.
    ['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ['--no-instructions', ...(ephemeral ? ['--no-sync', '--no-data-checksums'] : [])],
  ].flat();
}

/** The server's and its tools' whole environment: nothing of ours leaks in. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function assertVersion(cluster: string, found: string, own: string): void {
  if (own === found) return;
  throw new MitoError(
    'conflict',
    'postgres_version_mismatch',
    `the database in ${cluster} belongs to PostgreSQL ${found}, but this installation brings ${own}; ` +
      `dump it with PostgreSQL ${found} and restore it into a new data folder`,
    { details: { cluster, found, own } },
  );
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function lastWords(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  return stderr === '' ? String(error) : stderr;
}
