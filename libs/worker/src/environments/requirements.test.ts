import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '@mitosis/testing';
import { readRequirements } from './requirements.js';

async function folderOf(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await tempDir(t);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  return dir;
}

test('files that are named by -r and -c count, relative to the file that names them, each once', async (t) => {
  const dir = await folderOf(t, {
    'requirements.txt': '-r sub/base.txt\n--constraint=limits.txt\nnumpy==2.0 # -r comment.txt\n',
    'sub/base.txt': '-c ../limits.txt\n-r "more.txt"\n-r ../requirements.txt',
    'sub/more.txt': 'rich\\\n==13\n-r https://example.org/other.txt\r\n',
    'limits.txt': 'click<9\n',
  });
  t.deepEqual(await readRequirements(dir, 'requirements.txt'), {
    files: ['requirements.txt', 'sub/base.txt', 'limits.txt', 'sub/more.txt'],
    hasLocal: false,
  });
});

const local = test.macro({
  exec: async (t, line: string, expected: boolean) => {
    const dir = await folderOf(t, { 'r.txt': `numpy\n${line}\n` });
    t.is((await readRequirements(dir, 'r.txt')).hasLocal, expected);
  },
  title: (_, line, expected) => `"${line}" is ${expected ? '' : 'not '}a package of the folder`,
});

for (const line of [
  '.',
  './lib',
  '../lib',
  '.[dev]',
  'file:lib',
  'lib @ file:./lib',
  'wheels/a-1-py3.whl',
  '-f wheels',
])
  test(local, line, true);
for (const line of [
  'numpy',
  'a @ https://example.org/a.whl',
  '--find-links https://example.org/',
  '-i https://x/',
  'a.b',
])
  test(local, line, false);

const refused = test.macro({
  exec: async (t, line: string, message: RegExp) => {
    const dir = await folderOf(t, { 'r.txt': `numpy\n${line}\n` });
    await t.throwsAsync(readRequirements(dir, 'r.txt'), { code: 'environment_failed', message });
  },
  title: (_, line) => `"${line}" is refused with its line`,
});

test(refused, '-e .', /^r\.txt, line 2: "-e \." links a folder/);
test(refused, '--editable=./lib', /^r\.txt, line 2/);
test(refused, '-r gone.txt', /^gone\.txt, which r\.txt, line 2 names, is not in the folder of code/);
test(refused, '-r ../out.txt', /outside of the folder of code/);
test(refused, '-c /etc/passwd', /outside of the folder of code/);
