import test from 'ava';
import { Pace } from './progress.js';

/** A pace with a clock that only the test moves. */
function paceFrom(before: number, gapMaxMs = Infinity) {
  let now = 0;
  const pace = new Pace(before, gapMaxMs, () => now);
  return { pace, wait: (ms: number) => (now += ms) };
}

test('the time left goes by what was done since one looked, whatever was done before', (t) => {
  const { pace, wait } = paceFrom(40);
  t.is(pace.left(40, 60), '');
  wait(1_000);
  pace.look();
  t.is(pace.left(44, 60), '4.0 s left');
});

test('a suspended job says so, and the time does not count', (t) => {
  const { pace, wait } = paceFrom(0);
  wait(1_000);
  pace.pause(true);
  wait(600_000);
  pace.look();
  t.is(pace.left(10, 20), 'suspended');
  pace.pause(false);
  wait(1_000);
  pace.look();
  t.is(pace.left(20, 40), '2.0 s left');
});

test('the time in which the process was stopped does not count', (t) => {
  const { pace, wait } = paceFrom(0, 2_000);
  for (const ms of [1_000, 500_000]) {
    wait(ms);
    pace.look();
  }
  t.is(pace.left(30, 60), '3.0 s left');
});
