import { appendFile, chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { MitoError } from '@mitosis/domain';
import { silentLog, tempDir } from '@mitosis/testing';
import { InputCache } from './input-cache.js';

const never = new AbortController().signal;

async function cacheOf(t: ExecutionContext, limitBytes = 1000, dir?: string) {
  const cache = new InputCache({ dir: dir ?? (await tempDir(t)), limitBytes, log: silentLog });
  await cache.start();
  const fetched: string[] = [];
  const use = (sha256: string, options: { group?: string; signal?: AbortSignal; gate?: Promise<void> } = {}) =>
    cache.use(
      { group: options.group ?? 'g', sha256, sizeBytes: 400 },
      async (file, signal) => {
        fetched.push(sha256);
        await options.gate;
        signal.throwIfAborted();
        await writeFile(file, sha256.padEnd(400));
      },
      options.signal ?? never,
      (file) => readFile(file, 'utf8').then((text) => ({ file, text: text.trim() })),
    );
  return { cache, fetched, use };
}

test('what many want at the same time is fetched once, and kept for those who come later', async (t) => {
  const { fetched, use } = await cacheOf(t);
  const got = await Promise.all(Array.from({ length: 50 }, () => use('a')));
  t.true(got.every(({ text }) => text === 'a'));
  await use('a');
  t.deepEqual(fetched, ['a']);
  await use('a', { group: 'other' });
  t.deepEqual(fetched, ['a', 'a'], 'groups share nothing');
});

test('a partial file is removed when the disk is full, and kept after an interruption', async (t) => {
  const dir = await tempDir(t);
  const { cache } = await cacheOf(t, 1000, dir);
  for (const [code, left] of [
    ['disk_full', 0],
    ['transfer_interrupted', 1],
  ] as const) {
    const wanted = { group: 'g', sha256: code, sizeBytes: 400 };
    const fetch = async (file: string): Promise<void> => {
      await writeFile(`${file}.abc.part`, 'begin');
      throw new MitoError('unavailable', code, 'it ended');
    };
    await t.throwsAsync(
      cache.use(wanted, fetch, never, () => Promise.resolve()),
      { code },
    );
    t.is((await readdir(dir)).length, left);
  }
});

test('the least recently used goes when there is no room', async (t) => {
  const { cache, fetched, use } = await cacheOf(t);
  await use('a');
  await use('b');
  await use('a');
  await use('c');
  t.is(cache.usedBytes, 800);
  await use('a');
  await use('b');
  t.deepEqual(fetched, ['a', 'b', 'c', 'b']);
});

test('a file larger than the limit is used and not kept', async (t) => {
  const { cache, use } = await cacheOf(t, 100);
  t.is((await use('a')).text, 'a');
  t.is(cache.usedBytes, 0);
});

test('a file that was written to is fetched again', async (t) => {
  const { fetched, use } = await cacheOf(t);
  const { file } = await use('a');
  await chmod(file, 0o644);
  await appendFile(file, 'poison');
  t.is((await use('a')).text, 'a');
  t.deepEqual(fetched, ['a', 'a']);
});

test('what was kept survives a restart', async (t) => {
  const dir = await tempDir(t);
  await (await cacheOf(t, 1000, dir)).use('a');
  const second = await cacheOf(t, 1000, dir);
  t.is((await second.use('a')).text, 'a');
  t.deepEqual(second.fetched, []);
});

test('one who gives up does not keep the others from it', async (t) => {
  const { fetched, use } = await cacheOf(t);
  const leaving = new AbortController();
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const first = use('a', { signal: leaving.signal, gate });
  const second = use('a');
  leaving.abort(new Error('cancelled'));
  await t.throwsAsync(first, { message: 'cancelled' });
  open();
  t.is((await second).text, 'a');
  t.deepEqual(fetched, ['a']);
});
