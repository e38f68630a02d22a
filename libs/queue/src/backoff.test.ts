import test from 'ava';
import { Backoff } from './backoff.js';

test('pauses double from 50 ms to 5 s, and start again after a success', (t) => {
  const backoff = new Backoff(() => 1);
  const pauses = Array.from({ length: 9 }, () => backoff.next());
  t.deepEqual(pauses, [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  backoff.reset();
  t.is(backoff.next(), 50);
});

test('half of a pause is drawn at random', (t) => {
  t.is(new Backoff(() => 0).next(), 25);
});
