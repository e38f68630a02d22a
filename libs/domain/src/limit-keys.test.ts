import test from 'ava';
import { admitWithinLimits } from './index.js';

const gpu = (id: string, limit = 2) => ({ id, limits: { gpu: limit } });

const admits = test.macro({
  exec: (t, waiting: Parameters<typeof admitWithinLimits>[0], occupied: Record<string, number>, expected: string[]) =>
    t.deepEqual(admitWithinLimits(waiting, new Map(Object.entries(occupied))), expected),
  title: (sentence) => sentence ?? '',
});
test('as many as there is room for, best first', admits, [gpu('a'), gpu('b'), gpu('c')], {}, ['a', 'b']);
test('what runs already counts', admits, [gpu('a'), gpu('b')], { gpu: 1 }, ['a']);
test('no room, nobody', admits, [gpu('a')], { gpu: 5 }, []);
test('each task is held to its own limit', admits, [gpu('a', 1), gpu('b', 3), gpu('c', 3)], { gpu: 1 }, ['b', 'c']);
test('other keys do not count', admits, [gpu('a')], { license: 9 }, ['a']);
test(
  'every key needs room; who is skipped takes none',
  admits,
  [{ id: 'a', limits: { gpu: 2, license: 1 } }, gpu('b')],
  { license: 1, gpu: 1 },
  ['b'],
);
