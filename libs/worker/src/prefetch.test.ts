import test from 'ava';
import { Prefetch } from './prefetch.js';

function afterTasks(prefetch: Prefetch, count: number, wallMs: number): number {
  for (let i = 0; i < count; i += 1) prefetch.observe(wallMs);
  return prefetch.size;
}

test('only when the tasks of late were short some are taken ahead, and not many', (t) => {
  t.is(afterTasks(new Prefetch(2), 7, 1), 0, 'too few were seen');
  t.is(afterTasks(new Prefetch(2), 8, 1), 16);
  t.is(afterTasks(new Prefetch(2), 8, 20), 6);
  t.is(afterTasks(new Prefetch(2), 8, 100), 0);
});

test('without slots of its own to fill nothing is taken ahead', (t) => {
  t.is(afterTasks(new Prefetch(0), 100, 1), 0);
});
