import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '@mitosis/testing';
import { listeningPorts, listTaskFolder, openInFolder, placeInFolder, prepareScratch } from './index.js';
import { listeners } from './listening-ports.js';

async function scratchOf(t: ExecutionContext) {
  const scratch = await prepareScratch(await tempDir(t), 'task-1');
  await mkdir(path.join(scratch.execDir, 'data'));
  await writeFile(path.join(scratch.execDir, 'data', 'a.txt'), 'hello');
  await writeFile(scratch.spoolPath, 'frames');
  await promisify(execFile)('mkfifo', [path.join(scratch.execDir, 'pipe')]);
  await symlink('data/a.txt', path.join(scratch.execDir, 'inside'));
  await symlink('/etc/passwd', path.join(scratch.execDir, 'outside'));
  await symlink('../output.spool', path.join(scratch.execDir, 'beside'));
  await symlink('loop', path.join(scratch.execDir, 'loop'));
  await symlink('/etc', path.join(scratch.execDir, 'folder'));
  return scratch;
}

const REFUSED: readonly (readonly [place: string, code: string])[] = [
  ['exec/outside', 'outside_folders'],
  ['exec/folder/passwd', 'outside_folders'],
  ['exec/beside', 'outside_folders'],
  ['exec/loop', 'outside_folders'],
  ['..', 'outside_folders'],
  ['exec/../../x', 'outside_folders'],
  ['output.spool', 'path_not_found'],
  ['exec/none', 'path_not_found'],
  ['exec/data/a.txt/x', 'path_not_found'],
  ['/etc/passwd', 'path_not_found'],
  ['x'.repeat(5000), 'path_not_found'],
  ['exec/pipe', 'not_a_file'],
  ['exec/data', 'not_a_file'],
];

for (const [place, code] of REFUSED)
  test(`a path that is not a file of the task is refused: ${place.slice(0, 40)}`, async (t) => {
    await t.throwsAsync(openInFolder(await scratchOf(t), place), { code });
  });

test('a file is read by its path from the folders on, by its absolute path, and by a link to it', async (t) => {
  const scratch = await scratchOf(t);
  const absolute = path.join(scratch.execDir, 'data', 'a.txt');
  for (const place of ['exec/data/a.txt', '/exec/data/a.txt', 'exec//data/./a.txt', absolute, 'exec/inside'])
    t.is(await text((await openInFolder(scratch, place)).createReadStream()), 'hello', place);
  await t.throwsAsync(placeInFolder(scratch, 'exec/inside', 'folder'), { code: 'not_a_folder' });
});

test('a listing shows what each entry is, follows no link, and ends at its limit', async (t) => {
  const scratch = await scratchOf(t);
  const names = async (place: string) => (await listTaskFolder(scratch, place, 100)).entries.map(({ name }) => name);
  t.deepEqual(await names(''), ['checkpoint', 'exec', 'home', 'resource', 'result', 'tmp']);
  const { entries } = await listTaskFolder(scratch, 'exec', 100);
  const kinds = Object.fromEntries(entries.map(({ name, kind, target }) => [name, target ?? kind]));
  t.like(kinds, { data: 'folder', pipe: 'other', outside: '/etc/passwd', inside: 'data/a.txt' });
  t.like(await listTaskFolder(scratch, 'exec/inside', 100), { path: 'exec/data/a.txt', is_folder: false });
  t.like(await listTaskFolder(scratch, 'exec', 2), { is_truncated: true, entries: { length: 2 } });
  await rename(path.join(scratch.execDir, 'data'), path.join(scratch.execDir, 'moved'));
  await t.throwsAsync(listTaskFolder(scratch, 'exec/data', 100), { code: 'path_not_found' });
});

test('only sockets that accept connections to 127.0.0.1 count as listening', (t) => {
  const line = (local: string, state: string, inode: number): string =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 ` +
    `00:00000000 00000000  1000        0 ${inode} 1 0 100 0 0 10 0`;
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    line('0100007F:1F90', '0A', 1),
    line('00000000:0050', '0A', 2),
    line('0A00A8C0:0051', '0A', 3),
    line('0100007F:0052', '01', 4),
    line('00000000000000000000000000000000:0053', '0A', 5),
    line('00000000000000000000000001000000:0054', '0A', 6),
  ].join('\n');
  t.deepEqual(
    [...listeners(table)],
    [
      ['1', 8080],
      ['2', 80],
      ['5', 83],
    ],
  );
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('the ports of a task are those of its processes, not of others', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const execDir = '/no/such/folder';
  t.true(listeningPorts([process.pid], { execDir })?.includes(port));
  t.deepEqual(listeningPorts([], { execDir }), []);
});
