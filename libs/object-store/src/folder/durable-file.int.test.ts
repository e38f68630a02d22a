import { readdir, readFile, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { tempDir } from '@mitosis/testing';
import { errorCode } from '../object-errors.js';
import { publishFile, writeNewFile } from './durable-file.js';

test('a file that could not be written whole is gone', async (t) => {
  const path = join(await tempDir(t), 'file');
  const error = new Error('broken');
  const write = writeNewFile(path, async (file) => {
    await file.writeFile('half');
    throw error;
  });
  t.is(await t.throwsAsync(write), error);
  await t.throwsAsync(readFile(path), { code: 'ENOENT' });
});

test('a file that exists is never written into', async (t) => {
  const path = join(await tempDir(t), 'file');
  await writeFile(path, 'mine');
  await t.throwsAsync(
    writeNewFile(path, (file) => file.writeFile('yours')),
    { code: 'EEXIST' },
  );
  t.is(await readFile(path, 'utf8'), 'mine');
});

for (const overwrite of [false, true]) {
  test(`publishing ${overwrite ? 'over' : 'beside'} others survives the removal of its folders`, async (t) => {
    const dir = await tempDir(t);
    const target = join(dir, 'a', 'b', 'file');
    let isOver = false;
    t.teardown(() => {
      isOver = true;
    });
    const removing = (async () => {
      while (!isOver) for (const folder of ['a/b', 'a']) await rmdir(join(dir, folder)).catch(ignoreBusy);
    })();
    for (let index = 0; index < 60; index += 1) {
      await writeFile(join(dir, 'source'), String(index));
      await publishFile(join(dir, 'source'), target, overwrite);
      t.is(await readFile(target, 'utf8'), String(index));
      await unlink(target);
    }
    isOver = true;
    await removing;
    t.false((await readdir(dir)).includes('source'));
  });
}

function ignoreBusy(error: unknown): void {
  if (!['ENOENT', 'ENOTEMPTY'].includes(errorCode(error) ?? '')) throw error;
}

test('publishing without leave to overwrite keeps both files', async (t) => {
  const dir = await tempDir(t);
  const [source, target] = [join(dir, 'source'), join(dir, 'target')];
  await writeFile(source, 'new');
  await writeFile(target, 'old');
  await t.throwsAsync(publishFile(source, target, false), { code: 'EEXIST' });
  t.deepEqual([await readFile(source, 'utf8'), await readFile(target, 'utf8')], ['new', 'old']);
  await publishFile(source, target, true);
  t.is(await readFile(target, 'utf8'), 'new');
});
