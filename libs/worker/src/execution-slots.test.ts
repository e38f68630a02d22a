import test from 'ava';
import { ExecutionSlots } from './execution-slots.js';
import { Prefetch } from './prefetch.js';

const never = new AbortController().signal;

/** Work that ends when told. */
function work(log: string[], name: string): { run: () => Promise<string>; end(): void } {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    run: async () => {
      log.push(name);
      await ended;
      return name;
    },
    end: () => end(),
  };
}

test('no more tasks run than there are slots, then by priority and age', async (t) => {
  const slots = new ExecutionSlots(1);
  const log: string[] = [];
  const tasks = [work(log, 'first'), work(log, 'low'), work(log, 'high'), work(log, 'low2')] as const;
  const priorities = [0, 0, 5, 0] as const;
  t.true(slots.isStarved);
  t.false(slots.isOvertaking(9));
  const all = tasks.map(({ run }, index) => slots.run(priorities[index] ?? 0, never, run));
  t.false(slots.isStarved);
  t.deepEqual(
    [5, 6].map((priority) => slots.isOvertaking(priority)),
    [false, true],
  );
  for (const { end } of tasks) end();
  t.deepEqual(await Promise.all(all), ['first', 'low', 'high', 'low2']);
  t.deepEqual(log, ['first', 'high', 'low', 'low2']);
});

test('what can not begin in time is given back, and its place is not lost', async (t) => {
  const slots = new ExecutionSlots(1);
  const log: string[] = [];
  const long = work(log, 'long');
  const running = slots.run(0, never, long.run);
  t.is(await slots.run(0, never, work(log, 'waiting').run), undefined);
  long.end();
  t.is(await running, 'long');
  t.is(await slots.run(0, never, async () => 'next'), 'next');
  t.deepEqual(log, ['long']);
});

test('what is called off before it begins does not begin', async (t) => {
  const slots = new ExecutionSlots(1);
  const log: string[] = [];
  const long = work(log, 'long');
  const running = slots.run(0, never, long.run);
  const off = new AbortController();
  const waiting = slots.run(0, off.signal, work(log, 'waiting').run);
  off.abort();
  t.is(await waiting, undefined);
  long.end();
  await running;
  t.is(await slots.run(0, off.signal, work(log, 'late').run), undefined);
  t.deepEqual(log, ['long']);
});

test('only very short tasks are taken ahead, within a bound', (t) => {
  const sizeAfter = (wallMs: number, count = 50): number => {
    const prefetch = new Prefetch(4);
    for (let index = 0; index < count; index += 1) prefetch.observe(wallMs);
    return prefetch.size;
  };
  t.is(sizeAfter(3), 32);
  t.is(sizeAfter(20), 12);
  t.is(sizeAfter(61), 0);
  t.is(sizeAfter(3, 7), 0, 'nothing before enough was seen');
});

test('one long task after many short ones stops taking ahead soon', (t) => {
  const prefetch = new Prefetch(4);
  for (let index = 0; index < 100; index += 1) prefetch.observe(2);
  prefetch.observe(1000);
  t.is(prefetch.size, 0);
});
