import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { tempDir } from '@mitosis/testing';
import { readInput, readSecret } from './read-input.js';

test('a file is read whole, up to a length', async (t) => {
  const file = path.join(await tempDir(t), 'a b');
  await writeFile(file, 'first\nsecond');
  t.is((await readInput(file, '--stdin')).toString(), 'first\nsecond');
  t.is(await readSecret(file, '--file'), 'first');
  await writeFile(file, Buffer.alloc(1_048_577));
  await t.throwsAsync(readInput(file, '--stdin', 1), { message: `--stdin: ${file} is longer than 1 MiB` });
});

test('what has no end is refused, and what is not a file is named', async (t) => {
  await t.throwsAsync(readSecret('/dev/zero', '--file'), { message: '--file: /dev/zero is longer than 1 MiB' });
  const folder = await tempDir(t);
  await t.throwsAsync(readInput(folder, '--stdin'), { message: new RegExp(`${folder} can't be .*: it is a folder`) });
});
