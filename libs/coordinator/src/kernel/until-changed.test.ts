import test from 'ava';
import { untilChanged } from './until-changed.js';

// Its timers do not keep a process running: something else has to.
const alive = setInterval(() => undefined, 1_000);
test.after.always(() => clearInterval(alive));

const never = (): AbortSignal => new AbortController().signal;

test('what is done at the first look is returned without waiting', async (t) => {
  let stopped = 0;
  const watch = () => ({ stop: () => void (stopped += 1) });
  const value = await untilChanged({
    watch,
    read: async () => 7,
    isDone: () => true,
    timeoutMs: 60_000,
    recheckMs: 60_000,
    signal: never(),
  });
  t.is(value, 7);
  t.is(stopped, 1, 'it listens no longer');
});

test('a change between the look and the wait is not missed', async (t) => {
  let value = 0;
  let change = (): void => undefined;
  const read = async (): Promise<number> => {
    const seen = value;
    if (value === 0) {
      value = 1;
      change();
    }
    return seen;
  };
  const watch = (changed: () => void) => {
    change = changed;
    return { stop: () => undefined };
  };
  const options = { timeoutMs: 60_000, recheckMs: 60_000, signal: never() };
  t.is(await untilChanged({ ...options, watch, read, isDone: (seen) => seen === 1 }), 1);
});

test('the last look is returned when the time is up, and when the one who waits has gone', async (t) => {
  const quiet = { watch: () => ({ stop: () => undefined }), read: async () => 'open', isDone: () => false };
  t.is(await untilChanged({ ...quiet, timeoutMs: 5, recheckMs: 60_000, signal: never() }), 'open');
  const gone = AbortSignal.abort();
  t.is(await untilChanged({ ...quiet, timeoutMs: 60_000, recheckMs: 60_000, signal: gone }), 'open');
});
