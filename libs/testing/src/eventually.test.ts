import { access, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { eventually } from './eventually.js';
import { tempDir } from './temp-dir.js';

test('returns what the condition answered once it is truthy', async (t) => {
  let asked = 0;
  t.is(await eventually(() => (++asked >= 3 ? 'now' : undefined), { message: 'never' }), 'now');
  t.is(asked, 3);
});

test('says what did not happen, asking for the words at the very end', async (t) => {
  let asked = 0;
  const waiting = eventually(() => ++asked < 0, { message: () => `asked ${asked} times`, timeoutMs: 30 });
  const error = await t.throwsAsync(waiting);
  t.is(error.message, `timed out after 30 ms: asked ${asked} times`);
});

test('an error of the condition means not yet, and is the cause at the timeout', async (t) => {
  let asked = 0;
  const refused = new Error('refused');
  const second = (): boolean => {
    if (++asked === 1) throw refused;
    return true;
  };
  t.true(await eventually(second, { message: 'never' }));
  const error = await t.throwsAsync(eventually(() => Promise.reject(refused), { message: 'down', timeoutMs: 10 }));
  t.is(error.cause, refused);
});

test('a temporary folder is private, and gone after its scope', async (t) => {
  const steps: (() => void | Promise<void>)[] = [];
  const folder = await tempDir({ teardown: (undo) => void steps.push(undo) });
  await writeFile(join(folder, 'file'), 'x');
  t.is((await stat(folder)).mode & 0o777, 0o700);
  for (const undo of steps) await undo();
  await t.throwsAsync(access(folder), { code: 'ENOENT' });
});
