import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '@mitosis/testing';
import { cpuQuota, memoryLimit } from './cgroups.js';
import { chooseOffer } from './choose-offer.js';
import { detectGpus } from './detect-gpus.js';
import { parseCpuList } from './detect-host.js';

/** Four cards in another order than that of the bus: a stand-in for `nvidia-smi`, for there is no device here. */
const CARDS = [
  '0, GPU-dddd, NVIDIA A10, 23028, 23000, 00000000:41:00.0',
  '1, GPU-aaaa, NVIDIA A100-SXM4-80GB, 81920, 81000, 00000000:01:00.0',
  '2, GPU-bbbb, NVIDIA A100-SXM4-80GB, 81920, 40000, 00000000:02:00.0',
  '3, GPU-cccc, NVIDIA L40S, 46068, 46000, 00000000:21:00.0',
];

async function machine(t: ExecutionContext, script: string, env: Record<string, string> = {}) {
  const root = await tempDir(t);
  const [bin, dev, proc] = ['bin', 'dev', 'proc'].map((name) => path.join(root, name)) as [string, string, string];
  for (const dir of [bin, dev, path.join(proc, 'self')]) await mkdir(dir, { recursive: true });
  await writeFile(path.join(bin, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const host = { proc, dev, sys: root };
  return { host, env: { PATH: `${bin}:/usr/bin:/bin`, ...env } };
}

const listing = `[ "$1" = -L ] && exit 0\ncat <<'END'\n${CARDS.join('\n')}\nEND`;

test('devices are ranked by their place on the bus, and named by what the driver calls them', async (t) => {
  const { gpus, isKnown } = await detectGpus({ ...(await machine(t, listing)), timeoutMs: 10_000 });
  t.true(isKnown);
  t.deepEqual(
    gpus.map(({ id, index }) => [id, index]),
    [
      ['GPU-aaaa', 0],
      ['GPU-bbbb', 1],
      ['GPU-cccc', 2],
      ['GPU-dddd', 3],
    ],
  );
  t.deepEqual([gpus[1]?.mem_bytes, gpus[1]?.free_bytes], [81_920 * 2 ** 20, 40_000 * 2 ** 20]);
});

for (const [list, expected] of [
  ['GPU-bbbb', ['GPU-bbbb']],
  ['GPU-b,0', ['GPU-bbbb', 'GPU-aaaa']],
  ['3,-1,0', ['GPU-dddd']],
  ['', []],
  ['-1', []],
  ['GPU-', []],
] as const) {
  test(`CUDA_VISIBLE_DEVICES="${list}" of the worker bounds what it offers`, async (t) => {
    const found = await detectGpus({
      ...(await machine(t, listing, { CUDA_VISIBLE_DEVICES: list })),
      timeoutMs: 10_000,
    });
    t.deepEqual(
      found.gpus.map(({ id }) => id),
      [...expected],
    );
    t.is(found.total, 4);
    t.regex(found.remarks.join(' '), /CUDA_VISIBLE_DEVICES hides \d of 4 devices/);
  });
}

test('a tool that hangs is not waited for, and means unknown, not none', async (t) => {
  const { gpus, isKnown, remarks } = await detectGpus({ ...(await machine(t, 'exec sleep 9999')), timeoutMs: 200 });
  t.deepEqual([gpus, isKnown], [[], false]);
  t.regex(remarks.join(' '), /nvidia-smi did not answer within 0\.2 s/);
});

test('a tool that fails says why', async (t) => {
  const script = 'echo "Unable to determine the device handle for GPU 0000:41:00.0"; exit 255';
  const { isKnown, remarks } = await detectGpus({ ...(await machine(t, script)), timeoutMs: 10_000 });
  t.false(isKnown);
  t.regex(remarks.join(' '), /nvidia-smi ended with 255: Unable to determine the device handle/);
});

test('parts of a cut device are offered in its place', async (t) => {
  const mig = [
    'GPU 0: NVIDIA A100 (UUID: GPU-aaaa)',
    '  MIG 3g.40gb     Device  0: (UUID: MIG-1111)',
    '  MIG 1g.10gb     Device  1: (UUID: MIG-2222)',
  ];
  const script = `if [ "$1" = -L ]; then cat <<'END'\n${mig.join('\n')}\nEND\nelse echo '${CARDS[1]}'; fi`;
  const { gpus } = await detectGpus({ ...(await machine(t, script)), timeoutMs: 10_000 });
  t.deepEqual(
    gpus.map(({ id, mem_bytes: bytes }) => [id, bytes / 2 ** 30]),
    [
      ['MIG-1111', 40],
      ['MIG-2222', 10],
    ],
  );
});

test('a device file that this account may not open takes its device away', async (t) => {
  if (process.getuid?.() === 0) return t.pass('root may open everything');
  const scene = await machine(t, listing);
  await writeFile(path.join(scene.host.dev, 'nvidia1'), '');
  await chmod(path.join(scene.host.dev, 'nvidia1'), 0);
  const { gpus } = await detectGpus({ ...scene, timeoutMs: 10_000 });
  t.false(gpus.some(({ index }) => index === 1));
});

test('limits are read from the tree of each controller, the least of all that are above us', async (t) => {
  const { host } = await machine(t, 'exit 1');
  const root = host.sys;
  const groups = { memory: path.join(root, 'memory'), cpu: path.join(root, 'cpu') };
  await mkdir(path.join(groups.memory, 'job', 'step'), { recursive: true });
  await mkdir(groups.cpu);
  await writeFile(path.join(host.proc, 'self/cgroup'), '4:memory:/job/step\n2:cpu:/gone\n0::/\n');
  const mounts = Object.entries(groups).map(([name, at]) => `cgroup ${at} cgroup rw,relatime,${name} 0 0`);
  await writeFile(path.join(host.proc, 'mounts'), mounts.join('\n'));
  await writeFile(path.join(groups.memory, 'job', 'memory.limit_in_bytes'), '1000000\n');
  await writeFile(path.join(groups.memory, 'job', 'step', 'memory.limit_in_bytes'), '9223372036854771712\n');
  await writeFile(path.join(groups.cpu, 'cpu.cfs_quota_us'), '150000\n');
  await writeFile(path.join(groups.cpu, 'cpu.cfs_period_us'), '100000\n');
  t.is(memoryLimit(host), 1_000_000);
  t.is(cpuQuota(host), 1.5);
  t.deepEqual(parseCpuList('0-2,8\n'), [0, 1, 2, 8]);
});

test('a worker keeps back what it is told to, and says when it offers more than there is', (t) => {
  const found = {
    offer: { cpus: 4, cores: [0, 1, 2, 3], mem_bytes: 8e9, disk_bytes: 1e9, gpus: [], units: {} },
    totalGpus: 0,
    isGpuKnown: true,
    remarks: [],
  };
  const { offer } = chooseOffer(found, { reserve: ['cpus=1,mem=2GB'], units: {} });
  t.deepEqual([offer.cpus, offer.cores, offer.mem_bytes], [3, [1, 2, 3], 6e9]);
  const { warnings } = chooseOffer(found, { cpus: 8, gpus: 1, reserve: [], units: {} });
  t.is(warnings.length, 2);
  for (const wrong of ['cpus', 'cpus=-1', 'cpus=0.5', 'mem=4', 'x=1'])
    t.throws(() => chooseOffer(found, { reserve: [wrong], units: {} }), { message: /^--reserve/ }, wrong);
});
