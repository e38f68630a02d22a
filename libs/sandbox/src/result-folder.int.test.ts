import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ResultFolder, ResultRefused } from './result-folder.js';

async function scratch(t: { teardown: (action: () => Promise<void>) => void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-result-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'result'));
  return folder;
}

test('files are written below the folder, with the folders they need', async (t) => {
  const folder = await scratch(t);
  const results = new ResultFolder(join(folder, 'result'), 100);
  await results.begin('a/b/c.txt');
  await results.write(Buffer.from('one '));
  await results.write(Buffer.from('two'));
  await results.begin('line\nbreak');
  await results.close();
  t.is(await readFile(join(folder, 'result/a/b/c.txt'), 'utf8'), 'one two');
  t.is(await readFile(join(folder, 'result/line\nbreak'), 'utf8'), '');
});

for (const name of ['../x', '/x', 'a/../../x', 'a//x', './x', 'x/', '', '..', '.', 'x\0y', `${'d/'.repeat(600)}x`]) {
  test(`a file called ${JSON.stringify(name.slice(0, 20))} is refused`, async (t) => {
    const folder = await scratch(t);
    const results = new ResultFolder(join(folder, 'result'), 100);
    await t.throwsAsync(results.begin(name), { instanceOf: ResultRefused, message: /result/ });
    t.deepEqual(await readdir(folder), ['result']);
    t.deepEqual(await readdir(join(folder, 'result')), []);
  });
}

test('no link is followed and nothing is overwritten', async (t) => {
  const folder = await scratch(t);
  const root = join(folder, 'result');
  await mkdir(join(folder, 'outside'));
  await symlink(join(folder, 'outside'), join(root, 'folder'));
  await symlink(join(folder, 'outside/new'), join(root, 'file'));
  await writeFile(join(root, 'taken'), 'mine');
  const results = new ResultFolder(root, 100);
  await t.throwsAsync(results.begin('folder/x'), { instanceOf: ResultRefused, message: /not a folder/ });
  await t.throwsAsync(results.begin('file'), { instanceOf: ResultRefused, message: /EEXIST/ });
  await t.throwsAsync(results.begin('taken'), { instanceOf: ResultRefused, message: /EEXIST/ });
  t.deepEqual(await readdir(join(folder, 'outside')), []);
});

test('the limit is on all the files together', async (t) => {
  const folder = await scratch(t);
  const results = new ResultFolder(join(folder, 'result'), 10);
  await results.begin('a');
  await results.write(Buffer.alloc(6));
  await results.begin('b');
  await t.throwsAsync(results.write(Buffer.alloc(5)), { instanceOf: ResultRefused, message: /more than 10 bytes/ });
  await results.close();
});
