import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { ClaimedTask, SubmitTaskInput } from '@mitosis/protocol';
import { eventually, fileScope } from '@mitosis/testing';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { OfferingWorker } from './testing/offering-worker.js';

const GIB = 2 ** 30;

const file = fileScope(test);
let coordinator: CoordinatorFixture;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres', { reserve_after: '1s', lease: '3s' });
});

/** Each test has a tag of its own, and so workers of its own: an untagged one would take the tasks of all. */
const nameOf = (): string => `u${randomUUID().slice(0, 8)}`;

async function submit(tasks: readonly Partial<SubmitTaskInput>[]): Promise<string[]> {
  const receipts = await coordinator.api.submitTasks(tasks.map((task) => ({ args: ['true'], ...task })));
  return receipts.map(({ uuid }) => uuid);
}

const until = <T>(look: () => T | undefined | false, message: string): Promise<T> =>
  eventually(async () => look() || undefined, { message }) as Promise<T>;

test('a unit is given to one attempt at a time, and to the next one after its end', async (t) => {
  const name = nameOf();
  const worker = await OfferingWorker.connect(t, coordinator, {
    tags: [name],
    offer: { units: { [name]: ['a', 'b'] } },
  });
  const uuids = await submit(Array.from({ length: 3 }, () => ({ tags: [name], needs: [{ units: { [name]: 1 } }] })));
  await until(() => worker.running.size === 2, 'two of three run');
  const [first, second] = [...worker.running.values()] as [ClaimedTask, ClaimedTask];
  t.deepEqual([first, second].flatMap(({ assigned }) => assigned?.units[name] ?? []).sort(), ['a', 'b']);
  const third = uuids.find((uuid) => !worker.running.has(uuid)) as string;
  t.is(await worker.claim(third), undefined, 'nor can it be claimed by its id');
  await worker.end(first);
  await until(() => worker.running.has(third), 'the third runs');
  t.deepEqual(worker.running.get(third)?.assigned?.units, first.assigned?.units);
  const { attempts, needs } = await coordinator.api.getTask(third);
  t.deepEqual(attempts[0]?.assigned?.units, first.assigned?.units, 'people see what was assigned');
  t.deepEqual(needs, [{ units: { [name]: 1 } }]);
});

test('two workers on one machine give out the same units once', async (t) => {
  const name = nameOf();
  const machine = randomUUID();
  const gpu = { id: `GPU-${name}`, index: 0, model: name, mem_bytes: GIB, free_bytes: GIB, maker: 'nvidia' as const };
  const workers = [
    await OfferingWorker.connect(t, coordinator, { tags: [name], machine, offer: { gpus: [gpu] } }),
    await OfferingWorker.connect(t, coordinator, { tags: [name], machine, offer: { gpus: [gpu] } }),
  ];
  const uuids = await submit([1, 2].map(() => ({ tags: [name], needs: [{ gpus: 1, gpu_model: name }] })));
  const running = () => workers.flatMap((worker) => [...worker.running.keys()]);
  await until(() => running().length === 1, 'one runs');
  const other = uuids.find((uuid) => !running().includes(uuid)) as string;
  for (const worker of workers) t.is(await worker.claim(other), undefined);
});

test('parts of a device are given out until it is full', async (t) => {
  const name = nameOf();
  const gpus = [0, 1].map((index) => ({
    id: `GPU-${name}-${index}`,
    index,
    model: name,
    mem_bytes: GIB,
    free_bytes: GIB,
    maker: 'nvidia' as const,
  }));
  const worker = await OfferingWorker.connect(t, coordinator, { tags: [name], offer: { cpus: 8, gpus } });
  const uuids = await submit(
    Array.from({ length: 3 }, () => ({ tags: [name], needs: [{ gpus: 0.6, gpu_model: name }] })),
  );
  await until(() => worker.running.size === 2, 'two of three run');
  const waiting = uuids.find((uuid) => !worker.running.has(uuid)) as string;
  t.is(await worker.claim(waiting), undefined);
});

test('what a lost attempt holds is free only when a worker in its folder says so', async (t) => {
  const name = nameOf();
  const [machine, place] = [randomUUID(), randomUUID()];
  const offer = { units: { [name]: ['a'] } };
  const lost = await OfferingWorker.connect(t, coordinator, { tags: [name], machine, place, offer });
  const [uuid] = (await submit([{ tags: [name], needs: [{ units: { [name]: 1 } }] }])) as [string];
  await until(() => lost.running.has(uuid), 'it runs');
  lost.vanish();
  const other = await OfferingWorker.connect(t, coordinator, { tags: [name], machine, offer });
  await eventually(async () => (await coordinator.api.getTask(uuid)).state === 'ready' || undefined, {
    message: 'its lease runs out',
    timeoutMs: 30_000,
  });
  t.is(await other.claim(uuid), undefined, 'another worker on the machine does not get the unit');
  const next = await OfferingWorker.connect(t, coordinator, { tags: [name], machine, place, offer });
  await until(() => other.running.has(uuid) || next.running.has(uuid), 'it runs again');
  t.pass();
});

test('a task that needs the whole machine starts though small ones never end to come', async (t) => {
  const name = nameOf();
  const tags = [name];
  const worker = await OfferingWorker.connect(t, coordinator, { tags, offer: { cpus: 4 } });
  const small = (count: number) => submit(Array.from({ length: count }, () => ({ tags, needs: [{ cpus: 1 }] })));
  let ended = 0;
  worker.listen((claimed) => {
    if (claimed.assigned?.is_whole) return;
    setTimeout(() => {
      ended += 1;
      void small(1).then(() => worker.end(claimed));
    }, 100);
  });
  await small(8);
  await until(() => ended > 4, 'small tasks run');
  await submit([{ tags, priority: 10, needs: [{ cpus: 999 }] }]);
  const [large] = (await submit([{ tags, needs: [{ whole_machine: true }] }])) as [string];
  await until(() => worker.running.has(large), 'the large task runs');
  t.is(worker.running.size, 1, 'alone on the machine');
});

test('a task that asks for nothing counts as one core while others hold some', async (t) => {
  const name = nameOf();
  const worker = await OfferingWorker.connect(t, coordinator, { tags: [name], offer: { cpus: 2 } });
  const [held] = (await submit([{ tags: [name], needs: [{ cpus: 1 }] }])) as [string];
  await until(() => worker.running.has(held), 'it runs');
  const [first, second] = (await submit([{ tags: [name] }, { tags: [name] }])) as [string, string];
  t.truthy(await worker.claim(first));
  t.is(await worker.claim(second), undefined);
  await until(() => worker.isFull, 'the worker is told that there is no room');
  await worker.end(worker.running.get(held) as ClaimedTask);
  await until(() => !worker.isFull, 'and that there is some again');
  t.truthy(await worker.claim(second));
});

test('what is needed can be changed before the start', async (t) => {
  const name = nameOf();
  const worker = await OfferingWorker.connect(t, coordinator, { tags: [name], offer: { cpus: 2 } });
  const [uuid] = (await submit([{ tags: [name], needs: [{ cpus: 64 }] }])) as [string];
  const changed = await coordinator.api.changeTask(uuid, { needs: [{ cpus: 2 }] });
  t.deepEqual(changed.needs, [{ cpus: 2 }]);
  await until(() => worker.running.has(uuid), 'it runs');
  t.is(worker.running.get(uuid)?.assigned?.cpus, 2);
});

test('a bad need is answered with its field, and nothing is stored', async (t) => {
  const refused = (needs: unknown) =>
    t.throwsAsync(coordinator.api.submitTask({ args: ['true'], needs } as SubmitTaskInput), {
      code: 'invalid_request',
      message: /needs/,
    });
  for (const need of [{}, { cpus: -1 }, { cpus: 1.5 }, { gpus: 1.5 }, { mem_bytes: 0 }, { units: { A: 1 } }, { x: 1 }])
    await refused([need]);
  await refused(Array.from({ length: 9 }, () => ({ cpus: 1 })));
});

test('whatever is asked for on whatever machines, no unit is held twice, and every task that fits ends', async (t) => {
  const name = nameOf();
  const tags = [name];
  const gpusOf = (count: number, machine: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: `GPU-${name}-${machine}-${index}`,
      index,
      model: 'A100',
      mem_bytes: GIB,
      free_bytes: GIB,
      maker: 'nvidia' as const,
    }));
  const shares = new Map<string, number>();
  const clashes: string[] = [];
  const change = ({ assigned }: ClaimedTask, machine: number, sign: 1 | -1): void => {
    const held = [
      ...(assigned?.gpus ?? []).map(({ id, thousandths }) => [id, thousandths] as const),
      ...Object.entries(assigned?.units ?? {}).flatMap(([kind, units]) =>
        units.map((unit) => [`${machine} ${kind} ${unit}`, 1000] as const),
      ),
    ];
    for (const [unit, thousandths] of held) {
      const now = (shares.get(unit) ?? 0) + sign * thousandths;
      if (now > 1000) clashes.push(unit);
      shares.set(unit, now);
    }
  };
  let ended = 0;
  for (const machine of [0, 1, 2, 3]) {
    const units = { fpga: Array.from({ length: machine }, (_, unit) => `f${unit}`) };
    const offer = { cpus: 4 + machine, gpus: gpusOf(machine, machine), units };
    const worker = await OfferingWorker.connect(t, coordinator, { tags, offer });
    worker.listen((claimed) => {
      change(claimed, machine, 1);
      setTimeout(() => {
        change(claimed, machine, -1);
        void worker.end(claimed).then(() => (ended += 1));
      }, 20);
    });
  }
  const random = (n: number): number => Math.floor(Math.random() * n);
  const count = 60;
  await submit(
    Array.from({ length: count }, () => ({
      tags,
      needs: [
        {
          cpus: random(4),
          ...(random(2) === 0 && { gpus: random(2) === 0 ? 1 : (1 + random(999)) / 1000 }),
          ...(random(3) === 0 && { units: { fpga: 1 + random(3) } }),
        },
      ],
    })),
  );
  await eventually(async () => ended === count || undefined, {
    message: () => `${ended} of ${count} tasks ended`,
    timeoutMs: 120_000,
  });
  t.deepEqual(clashes, []);
  const [{ left }] = (await coordinator.database.query(
    `SELECT count(*)::int AS left FROM held_units u JOIN tasks t ON t.id = u.task_id WHERE t.tags @> $1`,
    [tags],
  )) as [{ left: number }];
  t.is(left, 0);
});
