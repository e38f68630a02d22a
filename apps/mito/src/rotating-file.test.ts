import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { tempDir } from '@mitosis/testing';
import { tailFile } from './manager/tail-file.js';
import { RotatingFile } from './rotating-file.js';

test('several writers share one log: no line is lost or cut while enough files are kept', async (t) => {
  const dir = await tempDir(t);
  const file = path.join(dir, 'deep', 'workers.log');
  const writers = [1, 2, 3].map(() => new RotatingFile(file, { limitBytes: 1000, kept: 20 }));
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index} ${'x'.repeat(20)}`);
  lines.forEach((line, index) => writers[index % 3]?.write(`${line}\n`));
  for (const writer of writers) writer.close();
  const names = await readdir(path.dirname(file));
  const texts = await Promise.all(names.map((name) => readFile(path.join(path.dirname(file), name), 'utf8')));
  t.deepEqual(texts.flatMap((text) => text.split('\n').filter(Boolean)).sort(), lines.toSorted());
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(path.dirname(file), name))).size));
  t.true(Math.max(...sizes) < 1100, 'a file is set aside at its limit');
  t.is((await stat(file)).mode & 0o777, 0o600);
});

test('the oldest files are removed past the limit', async (t) => {
  const file = path.join(await tempDir(t), 'a.log');
  const writer = new RotatingFile(file, { limitBytes: 100, kept: 2 });
  for (let index = 0; index < 100; index += 1) writer.write(`${'y'.repeat(50)}\n`);
  writer.close();
  t.deepEqual((await readdir(path.dirname(file))).sort(), ['a.log', 'a.log.1', 'a.log.2']);
});

test('a log is followed over the moment when it is set aside', async (t) => {
  const file = path.join(await tempDir(t), 'a.log');
  const writer = new RotatingFile(file, { limitBytes: 40, kept: 2 });
  writer.write('one\n');
  writer.write('two\n');
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const text of tailFile(file, 1, true, stop.signal)) {
      seen.push(text);
      if (seen.length === 1) writer.write(`${'z'.repeat(40)}\n`);
      if (seen.length === 2) writer.write('after\n');
      if (seen.length === 3) stop.abort();
    }
  })();
  await t.throwsAsync(reading, { name: 'AbortError' });
  t.deepEqual(seen, ['two\n', `${'z'.repeat(40)}\n`, 'after\n']);
  writer.close();
});
