import test from 'ava';
import type { Log } from '@mitosis/domain';
import { Rounds, type RoundsOptions } from './rounds.js';

const NEVER_MS = 60_000;

/** Rounds whose work is done by hand: each call of `next` resolves when a round has begun, and returns what ends it. */
function byHand(t: { teardown(work: () => Promise<void>): void }, options: Partial<RoundsOptions> = {}) {
  const warnings: string[] = [];
  const begun: ((end: (waitMs: number | Error) => void) => void)[] = [];
  const log = { warn: (_: object, text: string) => void warnings.push(text) } as unknown as Log;
  const work = (): Promise<number> =>
    new Promise((resolve, reject) =>
      begun.shift()?.((outcome) => (typeof outcome === 'number' ? resolve(outcome) : reject(outcome))),
    );
  const rounds = new Rounds({ work, what: 'looking', log, ...options });
  t.teardown(() => rounds.stop());
  const next = () => new Promise<(waitMs: number | Error) => void>((resolve) => begun.push(resolve));
  return { rounds, next, warnings };
}

test('many calls during a round are one more round', async (t) => {
  const { rounds, next } = byHand(t);
  const first = next();
  await rounds.start();
  const end = await first;
  let count = 0;
  const second = next().then((endIt) => {
    count += 1;
    return endIt;
  });
  for (let call = 0; call < 5; call += 1) rounds.wake();
  t.is(count, 0, 'one round at a time');
  end(NEVER_MS);
  (await second)(NEVER_MS);
  t.is(count, 1);
});

test('a round begins after the time that the last one returned, and earlier when it is woken', async (t) => {
  const { rounds, next } = byHand(t);
  const first = next();
  await rounds.start();
  const second = next();
  (await first)(1);
  const third = next();
  (await second)(NEVER_MS);
  // Its timer is set when the round is over.
  await new Promise(setImmediate);
  rounds.wake();
  (await third)(NEVER_MS);
  t.pass();
});

test('a failure is logged once until a round succeeds', async (t) => {
  const { rounds, next, warnings } = byHand(t, { retryMs: 1 });
  let round = next();
  await rounds.start();
  for (const outcome of [new Error('one'), new Error('two'), 1, new Error('three')]) {
    const following = next();
    (await round)(outcome);
    round = following;
  }
  (await round)(NEVER_MS);
  t.deepEqual(warnings, ['looking failed; trying again', 'looking failed; trying again']);
});

test('stop waits for the round, and no other begins', async (t) => {
  const { rounds, next } = byHand(t);
  const first = next();
  await rounds.start();
  const end = await first;
  let isStopped = false;
  const stopping = rounds.stop().then(() => (isStopped = true));
  rounds.wake();
  await new Promise(setImmediate);
  t.false(isStopped);
  t.false(rounds.isStarted);
  let hasBegun = false;
  void next().then(() => (hasBegun = true));
  end(0);
  await stopping;
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.false(hasBegun);
});
