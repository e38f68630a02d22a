import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { tempDir } from '@mitosis/testing';
import { DONE_NAME, listArchive, packMoment } from '../index.js';

const { signal } = new AbortController();

async function folder(t: Parameters<typeof tempDir>[0]): Promise<{ dir: string; file: string }> {
  const root = await tempDir(t);
  const dir = path.join(root, 'checkpoint');
  await mkdir(dir);
  return { dir, file: path.join(root, 'packed.tar.gz') };
}

async function names(file: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of listArchive(createReadStream(file))) found.push(entry.path);
  return found.sort();
}

test('a folder that nobody writes to is packed, without temporary files', async (t) => {
  const { dir, file } = await folder(t);
  await writeFile(path.join(dir, 'model'), '1');
  await writeFile(path.join(dir, '.tmp-model'), 'half');
  await writeFile(path.join(dir, 'other.tmp'), 'half');
  t.is((await packMoment(dir, file, { isMarked: false, signal })).kind, 'packed');
  t.deepEqual(await names(file), ['model']);
});

test('an empty folder is nothing, and so is one with temporary files only', async (t) => {
  const { dir, file } = await folder(t);
  t.deepEqual(await packMoment(dir, file, { isMarked: false, signal }), { kind: 'empty' });
  await writeFile(path.join(dir, 'a.tmp'), 'half');
  t.deepEqual(await packMoment(dir, file, { isMarked: false, isAtRest: true, signal }), { kind: 'empty' });
});

test('without its mark a folder that has used one is not whole', async (t) => {
  const { dir, file } = await folder(t);
  await writeFile(path.join(dir, 'a'), '1');
  const options = { isMarked: true, isAtRest: true, signal };
  t.deepEqual(await packMoment(dir, file, options), { kind: 'objection', why: 'there is no .done in it' });
  await writeFile(path.join(dir, DONE_NAME), '');
  t.is((await packMoment(dir, file, options)).kind, 'packed');
});

test('a folder that is written to all the time is not packed', async (t) => {
  const { dir, file } = await folder(t);
  let isOver = false;
  const write = async (): Promise<void> => {
    for (let n = 0; !isOver; n += 1) {
      await writeFile(path.join(dir, 'new.tmp'), String(n));
      await rename(path.join(dir, 'new.tmp'), path.join(dir, 'a'));
      await setImmediate();
    }
  };
  await writeFile(path.join(dir, 'a'), '');
  const writing = write();
  const moment = await packMoment(dir, file, { isMarked: false, signal });
  isOver = true;
  await writing;
  t.is(moment.kind, 'objection');
  await rm(path.join(dir, 'a'));
});
