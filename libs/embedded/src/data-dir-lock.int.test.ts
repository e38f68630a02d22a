import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { DataDirLock } from './data-dir-lock.js';
import { processIdentity } from './process-identity.js';
import { openFolder, runScript, until } from './test-support.js';

const HOLD = `
import { DataDirLock } from './data-dir-lock.js';
const [, folder] = process.argv;
try {
  await DataDirLock.acquire(folder);
  console.log('held');
  setInterval(() => undefined, 1000);
} catch (error) {
  console.log(error.code);
}
`;

function hold(folder: string): string {
  return HOLD.replace('const [, folder] = process.argv;', `const folder = ${JSON.stringify(folder)};`);
}

async function ownNote(startedAt?: string): Promise<string> {
  const self = await processIdentity(process.pid);
  return JSON.stringify({
    pid: process.pid,
    startedAt: startedAt ?? self?.startedAt,
    nonce: '00000000-0000-4000-8000-000000000000',
  });
}

test('a second process is refused and told who holds the folder', async (t) => {
  const folder = await openFolder(t);
  const { child, lines } = runScript(t, hold(folder));
  await until(() => lines.includes('held'), 'the child does not hold the lock');
  const error = await t.throwsAsync(DataDirLock.acquire(folder), { code: 'data_dir_in_use' });
  t.like(error, { kind: 'conflict', details: { dataDir: folder, pid: child.pid } });
  t.true(error.message.includes(`process ${child.pid}`));
});

test('a killed holder leaves no stale lock', async (t) => {
  const folder = await openFolder(t);
  const { child, lines } = runScript(t, hold(folder));
  await until(() => lines.includes('held'), 'the child does not hold the lock');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await DataDirLock.acquire(folder);
  await lock.release();
  t.deepEqual(await readdir(folder), []);
});

test('a released lock is free, and releasing again does not take it from the next holder', async (t) => {
  const folder = await openFolder(t);
  const first = await DataDirLock.acquire(folder);
  await t.throwsAsync(DataDirLock.acquire(folder), { code: 'data_dir_in_use' });
  await first.release();
  const second = await DataDirLock.acquire(folder);
  await first.release();
  await t.throwsAsync(DataDirLock.acquire(folder), { code: 'data_dir_in_use' });
  await second.release();
});

test('a process that was given the id of a dead holder does not count as the holder', async (t) => {
  const folder = await openFolder(t);
  await writeFile(join(folder, '.lock'), await ownNote('long ago'));
  await t.notThrowsAsync(DataDirLock.acquire(folder));
});

test('a lock cut short by a power failure is replaced', async (t) => {
  const folder = await openFolder(t);
  await writeFile(join(folder, '.lock'), '{"pid":');
  await t.notThrowsAsync(DataDirLock.acquire(folder));
});

test('a claim abandoned in the middle of a takeover is taken over itself', async (t) => {
  const folder = await openFolder(t);
  const dead = await ownNote('long ago');
  await writeFile(join(folder, '.lock'), dead);
  await writeFile(
    join(folder, '.lock.dead-00000000-0000-4000-8000-000000000000'),
    dead.replace('"00000000', '"11111111'),
  );
  const lock = await DataDirLock.acquire(folder);
  await lock.release();
  t.deepEqual(await readdir(folder), []);
});

test('of many that find a stale lock at once exactly one gets it, in every round', async (t) => {
  const folder = await openFolder(t);
  for (let round = 0; round < 20; round++) {
    await writeFile(join(folder, '.lock'), await ownNote(`round ${round}`));
    const all = await Promise.allSettled(Array.from({ length: 30 }, async () => await DataDirLock.acquire(folder)));
    const won = all.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    t.is(won.length, 1);
    await won[0]?.release();
  }
});

test('of several processes that find a stale lock at once exactly one gets it', async (t) => {
  const folder = await openFolder(t);
  await writeFile(join(folder, '.lock'), await ownNote('long ago'));
  const runs = Array.from({ length: 6 }, () => runScript(t, hold(folder)));
  await until(() => runs.every(({ lines }) => lines.length === 1), 'a child did not answer');
  t.deepEqual(runs.map(({ lines }) => lines[0]).sort(), [
    ...Array.from({ length: 5 }, () => 'data_dir_in_use'),
    'held',
  ]);
});

test('locks of different names in one folder do not concern each other', async (t) => {
  const folder = await openFolder(t);
  await DataDirLock.acquire(folder, { name: '.one' });
  await t.notThrowsAsync(DataDirLock.acquire(folder, { name: '.two' }));
});

test('a file where the folder should be is refused by name', async (t) => {
  const file = join(await openFolder(t), 'file');
  await writeFile(file, '');
  const error = await t.throwsAsync(DataDirLock.acquire(file), { code: 'data_dir_unusable' });
  t.true(error.message.includes(file));
});
