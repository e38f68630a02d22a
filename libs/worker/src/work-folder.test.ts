import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { eventually, tempDir } from '@mitosis/testing';
import { Troubles } from './troubles.js';
import { WorkFolder, type WorkFolderOptions } from './work-folder.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A folder that is looked at all the time, beside a clock on which a second passes at each look at the troubles. */
async function scene(t: ExecutionContext, options: Pick<WorkFolderOptions, 'dir' | 'stat'>) {
  let now = 0;
  const troubles = new Troubles(
    silent,
    () => undefined,
    () => (now += 1_000),
  );
  const changes: boolean[] = [];
  const folder = new WorkFolder({
    ...options,
    troubles,
    everyMs: 10,
    onChange: () => changes.push(folder.isUsable),
  });
  await folder.start();
  t.teardown(() => folder.stop());
  return { troubles, changes };
}

test('a work folder that is gone is found, and that it is back', async (t) => {
  const dir = path.join(await tempDir(t), 'work');
  const { troubles, changes } = await scene(t, { dir });
  await eventually(() => troubles.current !== undefined, { message: 'the trouble' });
  t.regex(troubles.current?.reason ?? '', /the work folder .*work can't be written: ENOENT/);
  await mkdir(dir);
  await eventually(() => troubles.current === undefined, { message: 'the end of the trouble' });
  await rm(dir, { recursive: true });
  await writeFile(dir, 'no folder');
  await eventually(() => troubles.current !== undefined, { message: 'the next trouble' });
  t.deepEqual(changes, [false, true, false]);
});

test('a disk without room or without inodes is found, each with its reason', async (t) => {
  const disk = { bavail: 1_000, bsize: 4_096, ffree: 5, files: 10 };
  const { troubles, changes } = await scene(t, { dir: await tempDir(t), stat: async () => disk });
  disk.bavail = 1;
  await eventually(() => troubles.current?.reason.endsWith('is full') ?? false, { message: 'no room' });
  Object.assign(disk, { bavail: 1_000, ffree: 0 });
  await eventually(() => troubles.current?.reason.endsWith('no free inode') ?? false, { message: 'no inode' });
  disk.ffree = 5;
  await eventually(() => troubles.current === undefined, { message: 'the end of the trouble' });
  t.deepEqual(changes, [false, true]);
});
