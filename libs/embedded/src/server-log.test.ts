import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ServerLog } from './server-log.js';
import { openFolder } from './test-support.js';

test('last words are those since the server was started', async (t) => {
  const log = new ServerLog(join(await openFolder(t), 'log'));
  await writeFile(log.path, 'of yesterday\n');
  const file = await log.openForServer();
  await file.write('today: ö\n');
  await file.close();
  t.is(await log.lastWords(), 'today: ö');
});

test('a log past its limit is put aside once and continues in the same file', async (t) => {
  const log = new ServerLog(join(await openFolder(t), 'log'));
  const file = await log.openForServer();
  await file.write('0123456789');
  await log.rotate(10);
  t.is(await readFile(log.path, 'utf8'), '0123456789');
  await file.write('x');
  await log.rotate(10);
  await file.write('next');
  await file.close();
  t.is(await readFile(log.path, 'utf8'), 'next');
  t.is(await readFile(`${log.path}.1`, 'utf8'), '0123456789x');
  await appendFile(log.path, '!');
  t.is(await log.lastWords(), 'next!');
});
