import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { anySignal } from './index.js';

test('a time limit fires although nothing else refers to it when memory is collected', async (t) => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const stopping = new AbortController();
  const begin = (): Promise<string> =>
    new Promise((resolve) => {
      const signal = anySignal([stopping.signal, AbortSignal.timeout(300)]);
      signal.addEventListener('abort', () => resolve((signal.reason as Error).name), { once: true });
    });
  const ended = begin();
  for (let round = 0; round < 5; round += 1) {
    await delay(20);
    collect();
  }
  t.is(await Promise.race([ended, delay(20_000).then(() => 'never')]), 'TimeoutError');
});

test('the first signal that fires gives the reason', (t) => {
  const [one, other] = [new AbortController(), new AbortController()];
  const signal = anySignal([one.signal, other.signal]);
  other.abort('other');
  one.abort('one');
  t.is(signal.reason, 'other');
});
