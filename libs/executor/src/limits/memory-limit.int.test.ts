import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { fileScope, tempDir } from '@mitosis/testing';
import { executorFixture, sh, type ExecutorFixture } from '../conformance/executor-fixture.js';
import { provenLimits } from '../host/proven-limits.js';
import { MemoryGroup } from './memory-group.js';

const file = fileScope(test);
const MIB = 2 ** 20;

/** `best` limits by a control group where one can be made; `portable` never can, and watches. */
const WAYS = ['best', 'portable'] as const;
const fixtures = new Map<string, ExecutorFixture>();

test.before(async () => {
  for (const spawner of WAYS) fixtures.set(spawner, await executorFixture(file, { spawner }));
});

const take = (mebibytes: number): string =>
  `'${process.execPath}' -e 'globalThis.kept = Buffer.alloc(${mebibytes} << 20, 1); setTimeout(() => {}, 60000)'`;

for (const way of WAYS) {
  test.serial(`${way}: a task whose child takes too much ends as out_of_memory, whatever its shell says`, async (t) => {
    const fixture = fixtures.get(way) as ExecutorFixture;
    const {
      outcome,
      message = '',
      peakRssBytes,
    } = await fixture.run(sh(`${take(400)}; exit 0`), {
      memoryLimitBytes: 128 * MIB,
    });
    t.is(outcome, 'out_of_memory');
    t.regex(message, /its limit of 128\.0 MiB \(peak \d/);
    t.true((peakRssBytes ?? 0) > 32 * MIB, `${peakRssBytes}`);
  });

  test.serial(`${way}: what ends with 137 by itself is not out of memory`, async (t) => {
    const fixture = fixtures.get(way) as ExecutorFixture;
    const { outcome, exitCode } = await fixture.run(sh('exit 137'), { memoryLimitBytes: 128 * MIB });
    t.deepEqual([outcome, exitCode], ['exited', 137]);
  });

  test.serial(`${way}: the cache of files does not count`, async (t) => {
    const fixture = fixtures.get(way) as ExecutorFixture;
    const large = path.join(await tempDir(t), 'large');
    await writeFile(large, Buffer.alloc(100 * MIB, 1));
    const { outcome, exitCode } = await fixture.run(sh(`cat '${large}' > /dev/null && cat '${large}' > copy`), {
      memoryLimitBytes: 32 * MIB,
    });
    t.deepEqual([outcome, exitCode], ['exited', 0]);
  });
}

/** A tree of files that looks like cgroup2, where writes succeed and do nothing: it stands in for what is not here. */
async function imitatedTree(t: Parameters<typeof tempDir>[0]) {
  const root = await tempDir(t);
  const [proc, tree] = [path.join(root, 'proc'), path.join(root, 'cgroup')];
  await mkdir(path.join(proc, 'self'), { recursive: true });
  await mkdir(tree);
  await writeFile(path.join(proc, 'self', 'cgroup'), '0::/\n');
  await writeFile(path.join(proc, 'self', 'status'), '');
  await writeFile(path.join(proc, 'mounts'), `cgroup2 ${tree} cgroup2 rw 0 0\n`);
  await writeFile(path.join(tree, 'cgroup.controllers'), 'cpu memory pids\n');
  return { tree, host: { proc, sys: root, dev: root } };
}

test('in version 2 the counter of the group decides', async (t) => {
  const { tree, host } = await imitatedTree(t);
  const group = MemoryGroup.create('1-1', 64 * MIB, host) as MemoryGroup;
  const dir = path.join(tree, 'mito-1-1');
  t.is(await readFile(path.join(dir, 'memory.max'), 'utf8'), String(64 * MIB));
  t.true(group.within(() => undefined));
  t.true(existsSync(path.join(dir, 'cgroup.procs')));
  t.is(group.kills, 0);
  await writeFile(path.join(dir, 'memory.events'), 'low 0\noom 1\noom_kill 1\n');
  await writeFile(path.join(dir, 'memory.stat'), 'anon 1000\nfile 5000\nshmem 24\n');
  t.deepEqual([group.kills, group.usedBytes], [1, 1024]);
});

test('a limit that is accepted and not kept is not called enforced', async (t) => {
  const { host } = await imitatedTree(t);
  t.is((await provenLimits(host)).memory, 'watching');
});
