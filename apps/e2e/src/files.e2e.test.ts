import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { StorageReport, TaskView } from '@mitosis/protocol';
import { eventually, tempDir } from '@mitosis/testing';
import { startStack, type E2eStack } from './harness/stack.js';

const MIB = 2 ** 20;

/** True while bytes of an unfinished upload lie in the folder store. */
async function isUploading({ ready }: E2eStack): Promise<boolean> {
  const files = await readdir(path.join(ready.data_dir, 'coordinator', 'objects'), { recursive: true });
  return files.some((file) => /^(uploads|temp)\/[^/]+/.test(file));
}

async function isClean(stack: E2eStack): Promise<boolean> {
  const { stdout } = await stack.mito('admin', 'fsck', '--json');
  return (JSON.parse(stdout || '{}') as Partial<StorageReport>).is_clean === true;
}

test.serial('a file of the group becomes an input, and what a task made of it comes back', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t);
  const dir = await tempDir(t);
  await writeFile(path.join(dir, 'in.txt'), 'shared\n');
  t.is((await stack.mito('groups', 'attachments', 'upload', path.join(dir, 'in.txt'), 'data/')).code, 0);
  const { code, stdout } = await stack.mito(
    'run',
    '-r',
    'attachment=data/in.txt:x/in.txt',
    '--',
    'sh',
    '-c',
    'cd $MITO_RESULT_DIR; cat $MITO_RESOURCE_DIR/x/in.txt; cp $MITO_RESOURCE_DIR/x/in.txt out.txt; ln -s / away',
  );
  t.is(code, 0);
  t.is(stdout, 'shared\n');
  const [task] = (await stack.mito('tasks', 'query', '-q')).stdout.split('\n');
  t.is((await stack.mito('tasks', 'artifacts', 'cat', task ?? '', 'result', 'out.txt')).stdout, 'shared\n');
  const fetched = await stack.mito('tasks', 'artifacts', 'download', task ?? '', 'result', '-o', `${dir}/`);
  t.is(fetched.stderr, 'left out or changed in result: away: a link that leaves the folder\n');
  const refused = await stack.mito('tasks', 'submit', '-C', dir, '--job', 'monday', '--', 'true');
  t.is(refused.stderr, 'mito: --job: "monday" is not a UUID; "mito jobs list" shows them\n', 'no folder was sent');
  const missing = await stack.mito('run', '-r', 'attachment=nothing:x', '--', 'true');
  t.not(missing.code, 0);
  t.regex(missing.stderr, /resource_unavailable.*nothing/);
  t.true(await isClean(stack));
});

test.serial(
  'what can not be kept fails the task, for whoever waits for it, too; what is not packed is said',
  async (t) => {
    t.timeout(120_000);
    const stack = await startStack(t);
    const dir = await tempDir(t);
    await writeFile(path.join(dir, 'in.txt'), 'shared\n');
    await symlink('/etc/passwd', path.join(dir, 'outside'));
    const packed = await stack.mito('groups', 'attachments', 'upload', '--pack', dir, 'data.tar.gz');
    t.is(packed.code, 0);
    t.is(packed.stderr, 'left out or changed: outside: a link that leaves the folder\n');
    t.is((await stack.mito('admin', 'groups', 'storage-quota', 'mitosis_admin', '1000')).code, 0);
    const { code, stderr } = await stack.mito(
      'run',
      '--',
      'sh',
      '-c',
      'head -c 3000 /dev/urandom > $MITO_RESULT_DIR/x',
    );
    t.is(code, 1);
    t.regex(stderr, /upload_failed \(not kept: result \(the storage quota of the group "mitosis_admin"/);
  },
);

test.serial('kill -9 of coordinator and worker during uploads loses nothing and leaves the store clean', async (t) => {
  t.timeout(240_000);
  const stack = await startStack(t);
  const place = path.join(await tempDir(t), 'big');
  const bytes = randomBytes(96 * MIB);
  await writeFile(place, bytes);
  const first = stack.spawn('groups', 'attachments', 'upload', place, 'big');
  await eventually(() => isUploading(stack), { message: 'the beginning of the upload' });
  process.kill(stack.ready.pids.coordinator, 'SIGKILL');
  await first.ended;
  await eventually(async () => (await stack.mito('groups', 'attachments', 'upload', place, 'big')).code === 0, {
    message: 'the upload to continue',
    timeoutMs: 60_000,
  });
  const copy = path.join(await tempDir(t), 'copy');
  t.is((await stack.mito('groups', 'attachments', 'download', 'big', '-o', copy)).code, 0);
  t.true(bytes.equals(await readFile(copy)));

  const script = 'head -c 100000000 /dev/urandom > $MITO_RESULT_DIR/blob';
  const { uuid } = await stack.json<{ uuid: string }>('tasks', 'submit', '--', 'sh', '-c', script);
  await eventually(() => isUploading(stack), { message: 'the upload of the result', timeoutMs: 60_000 });
  for (const pid of stack.ready.pids.workers) process.kill(pid, 'SIGKILL');
  await eventually(async () => (await stack.json<TaskView>('tasks', 'get', uuid)).state === 'completed', {
    message: 'the end of the task',
    timeoutMs: 120_000,
  });
  // Where the kill came after the last byte, the report of the first attempt may have been spooled: it counts then.
  const { attempt } = await stack.json<TaskView>('tasks', 'get', uuid);
  t.true(attempt === 1 || attempt === 2, `attempt ${attempt}`);
  const dir = await tempDir(t);
  const result = path.join(dir, 'result');
  const { code, stdout } = await stack.mito('tasks', 'artifacts', 'download', uuid, 'result', '--unpack', result);
  t.deepEqual([code, stdout], [0, `${result}\n`]);
  t.deepEqual(await readdir(dir), ['result'], 'the archive is not kept');
  t.is((await stat(path.join(result, 'blob'))).size, 100_000_000);
  await eventually(() => isClean(stack), { message: 'a clean store' });
});
