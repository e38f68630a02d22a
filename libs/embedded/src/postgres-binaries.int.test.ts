import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdir, readdir, rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { locatePackage, usablePrograms } from './postgres-binaries.js';
import { serverUser } from './server-user.js';
import { openFolder } from './test-support.js';

const run = promisify(execFile);

/** The package as it lies there when npm ran no install scripts: without links. */
async function withoutLinks(folder: string): Promise<{ native: string; version: string }> {
  const { native, version } = await locatePackage();
  const copy = join(folder, 'package', 'native');
  await cp(native, copy, {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink() && !path.endsWith('.a'),
  });
  return { native: copy, version };
}

test('a package without its links is used from a copy that has them, made once by many at a time', async (t) => {
  const folder = await openFolder(t);
  const source = await withoutLinks(folder);
  const cache = join(folder, 'cache');
  const user = await serverUser();
  const all = await Promise.all([1, 2, 3].map(async () => await usablePrograms(source, user, [cache])));
  t.is(new Set(all.map(({ postgres }) => postgres)).size, 1);
  t.is((await readdir(cache)).length, 1);
  const { stdout } = await run(all[0]?.postgres ?? '', ['--version'], { env: {} });
  t.regex(stdout, /^postgres \(PostgreSQL\) 18/);
});

test('a copy cut short by a power failure is made again', async (t) => {
  const folder = await openFolder(t);
  const source = await withoutLinks(folder);
  const cache = join(folder, 'cache');
  const { postgres } = await usablePrograms(source, undefined, [cache]);
  await truncate(postgres, 100);
  await usablePrograms(source, undefined, [cache]);
  await t.notThrowsAsync(run(postgres, ['--version'], { env: {} }));
  t.is((await readdir(cache)).length, 1);
});

test('a cache folder that others can write to is skipped', async (t) => {
  const folder = await openFolder(t);
  const source = await withoutLinks(folder);
  const shared = join(folder, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o777);
  const { postgres } = await usablePrograms(source, undefined, [shared, join(folder, 'own')]);
  t.true(postgres.startsWith(join(folder, 'own')));
  await t.throwsAsync(usablePrograms(source, undefined, [shared]), { code: 'postgres_binaries_unusable' });
});

if (process.getuid?.() === 0) {
  test('as root, a package behind a closed folder is used from a copy', async (t) => {
    const folder = await openFolder(t);
    const closed = join(folder, 'closed');
    const { native, version } = await locatePackage();
    await cp(native, join(closed, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a'),
    });
    await chmod(closed, 0o700);
    const user = await serverUser();
    const { postgres } = await usablePrograms({ native: join(closed, 'native'), version }, user, [
      join(folder, 'cache'),
    ]);
    await t.notThrowsAsync(run(postgres, ['--version'], { env: {}, cwd: '/', ...user }));
    await rm(dirname(closed), { recursive: true });
  });
}
