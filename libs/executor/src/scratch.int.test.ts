import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { MitoError } from '@mitosis/domain';
import { tempDir } from '@mitosis/testing';
import { cleanScratch, prepareScratch, scratchOf, sweepScratch } from './index.js';
import { removeTree } from './remove-tree.js';

const run = promisify(execFile);

test('scratch folders are fresh and open to nobody else', async (t) => {
  const root = join(await tempDir(t), 'deeper', 'root');
  const { dir, execDir, resultDir, resourceDir, tmpDir, spoolPath } = await prepareScratch(root, 'task-1');
  for (const folder of [dir, execDir, resultDir, resourceDir, tmpDir]) t.is((await stat(folder)).mode & 0o777, 0o700);
  t.true([execDir, resultDir, resourceDir, tmpDir, spoolPath].every((path) => path.startsWith(`${dir}/`)));
  await writeFile(join(execDir, 'old'), '');
  await prepareScratch(root, 'task-1');
  t.deepEqual(await readdir(execDir), []);
});

const hostileIds = ['', '.', '..', '../x', 'a/b', '/etc', 'a\0b', '.owner', 'x'.repeat(129)];
for (const id of hostileIds) {
  test(`${JSON.stringify(id.slice(0, 12))} names no scratch folder`, async (t) => {
    await t.throwsAsync(prepareScratch(await tempDir(t), id), { code: 'invalid_execution_id' });
  });
}

test('a root that is not a folder is told with the reason', async (t) => {
  const root = join(await tempDir(t), 'file');
  await writeFile(root, '');
  await t.throwsAsync(prepareScratch(root, 'task-1'), { code: 'scratch_unavailable', message: /ENOTDIR|EEXIST/ });
});

test('links are removed, what they point to stays', async (t) => {
  const root = await tempDir(t);
  const precious = join(root, 'precious');
  await mkdir(precious);
  await writeFile(join(precious, 'file'), 'kept');
  const scratch = await prepareScratch(root, 'task-1');
  await symlink(precious, join(scratch.execDir, 'link'));
  await rm(scratch.tmpDir, { recursive: true });
  await symlink(precious, scratch.tmpDir);
  await cleanScratch(scratch);
  t.deepEqual(await readdir(root), ['precious']);
  t.deepEqual(await readdir(precious), ['file']);
});

test('cleaning twice, or what never was, is fine', async (t) => {
  const root = await tempDir(t);
  const scratch = await prepareScratch(root, 'task-1');
  await cleanScratch(scratch);
  await cleanScratch(scratch);
  await cleanScratch(scratchOf(root, 'task-2'));
  t.deepEqual(await readdir(root), []);
});

async function makeDeep(dir: string, levels: number): Promise<void> {
  const name = 'd'.repeat(200);
  const script = `for i in $(seq ${levels}); do mkdir ${name} && cd -P ./${name} || exit 1; done; touch file`;
  await run('/bin/sh', ['-c', script], { cwd: dir });
}

test('folders nested past the longest path are removed', async (t) => {
  const root = await tempDir(t);
  const scratch = await prepareScratch(root, 'task-1');
  await makeDeep(scratch.execDir, 60);
  await cleanScratch(scratch);
  t.deepEqual(await readdir(root), []);
});

test('a tree that several remove at once is gone when the last of them reports success', async (t) => {
  const root = await tempDir(t);
  const scratch = await prepareScratch(root, 'task-1');
  for (const dir of [scratch.execDir, scratch.resultDir, scratch.tmpDir]) await makeDeep(dir, 40);
  await Promise.all([cleanScratch(scratch), cleanScratch(scratch), sweepScratch(root)]);
  t.deepEqual(await readdir(root), []);
});

test('files of every kind and name are removed', async (t) => {
  const root = await tempDir(t);
  const scratch = await prepareScratch(root, 'task-1');
  const script = `
    mkdir "$(printf 'd\\377')" "$(printf 'D\\377')" 'C:' '-r' && mkfifo "$(printf 'd\\377')/pipe" "$(printf '\\376')"
    touch "$(printf 'd\\377')/$(printf 'f\\376')" a A '*' 'a\\b' "$(printf 'line\\nbreak')" ' ' '...'
    i=0; while [ $i -lt 5000 ]; do : > "f$i"; i=$((i+1)); done`;
  await run('/bin/sh', ['-c', script], { cwd: scratch.execDir });
  const server = createServer().listen(join(scratch.tmpDir, 'socket'));
  t.teardown(() => void server.close());
  await once(server, 'listening');
  await cleanScratch(scratch);
  t.deepEqual(await readdir(root), []);
});

test('what is mounted in a folder is left alone and named; the rest is removed', async (t) => {
  const root = await realpath(await tempDir(t));
  const { dir, execDir } = await prepareScratch(root, 'task-1');
  await mkdir(join(execDir, 'a disk', 'precious'), { recursive: true });
  await writeFile(join(execDir, 'other'), '');
  const mountinfo = `36 35 98:0 / ${execDir.replaceAll(' ', '\\040')}/a\\040disk rw - ext3 /dev/root rw\n`;
  await t.throwsAsync(removeTree(dir, mountinfo), {
    code: 'scratch_not_removed',
    message: `${dir} was not removed: "exec/a disk": something is mounted there`,
  });
  t.deepEqual(await readdir(dir), ['exec']);
  t.deepEqual(await readdir(execDir), ['a disk']);
  t.deepEqual(await readdir(join(execDir, 'a disk')), ['precious']);
});

test('files that are still being written are removed once that ends', async (t) => {
  const root = await tempDir(t);
  const scratch = await prepareScratch(root, 'task-1');
  const writing = run('/bin/sh', [
    '-c',
    'for i in $(seq 500); do mkdir -p "$0/sub$i" && touch "$0/sub$i/f"; done 2>&1; true',
    scratch.execDir,
  ]);
  // Whether this one gets through depends on how fast the writer is.
  await cleanScratch(scratch).catch((error: MitoError) => t.is(error.code, 'scratch_not_removed'));
  await writing;
  await cleanScratch(scratch);
  t.deepEqual(await readdir(root), []);
});

/** Permissions mean nothing to the superuser: the test acts as somebody else where it may. */
function actAsNobody(t: ExecutionContext): void {
  if (process.getuid?.() !== 0) return;
  process.seteuid?.(65534);
  t.teardown(() => process.seteuid?.(0));
}

test.serial('folders that the program made unreadable are removed', async (t) => {
  const base = await tempDir(t);
  await chmod(base, 0o777);
  actAsNobody(t);
  const root = await mkdtemp(join(base, 'root-'));
  const scratch = await prepareScratch(root, 'task-1');
  const sealed = join(scratch.execDir, 'sealed');
  await mkdir(join(sealed, 'inner'), { recursive: true });
  await writeFile(join(sealed, 'inner', 'file'), '');
  for (const folder of [join(sealed, 'inner'), sealed, scratch.execDir]) await chmod(folder, 0o000);
  await cleanScratch(scratch);
  t.deepEqual(await readdir(root), []);
});

test.serial('what the system refuses to remove is named, and counted', async (t) => {
  const base = await tempDir(t);
  await chmod(base, 0o777);
  actAsNobody(t);
  const root = await mkdtemp(join(base, 'root-'));
  const scratch = await prepareScratch(root, 'task-1');
  await chmod(root, 0o500);
  const message = `${await realpath(scratch.dir)} was not removed: permission denied (EACCES)`;
  await t.throwsAsync(cleanScratch(scratch), { code: 'scratch_not_removed', message });
  t.deepEqual(await sweepScratch(root), [message]);
  await chmod(root, 0o700);
  await cleanScratch(scratch);
  t.deepEqual(await readdir(root), []);
});

test('a sweep removes what lies in a root, and only that', async (t) => {
  const root = await tempDir(t);
  await prepareScratch(root, 'task-1');
  await prepareScratch(root, 'task-2');
  await writeFile(join(root, '.owner'), '');
  t.deepEqual(await sweepScratch(root), []);
  t.deepEqual(await readdir(root), ['.owner']);
  t.deepEqual(await sweepScratch(join(root, 'missing')), []);
});

test('a program has no working folder and no TMPDIR here, and leaves nothing', async (t) => {
  const root = await tempDir(t);
  const scratch = await prepareScratch(root, 'task-1', 'program');
  t.deepEqual((await readdir(scratch.dir)).sort(), ['resource', 'result']);
  await cleanScratch(scratch);
  t.deepEqual(await readdir(root), []);
});
