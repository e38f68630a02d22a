import test from 'ava';
import type { Log } from '@mitosis/domain';
import { describeOutage, Troubles } from './troubles.js';

/** Troubles with a clock that the test moves. */
function scene() {
  const said: string[] = [];
  const note =
    (level: string) =>
    (fields: object, text: string): void =>
      void said.push(`${level}: ${text} ${JSON.stringify(fields)}`);
  const log = { debug() {}, info: note('info'), warn: note('warn'), error() {} } satisfies Log;
  const clock = { now: 0 };
  let changes = 0;
  const troubles = new Troubles(
    log,
    () => (changes += 1),
    () => clock.now,
  );
  return { troubles, said, clock, changes: () => changes };
}

test('a failure of less than 3 s is not told', (t) => {
  const { troubles, said, clock, changes } = scene();
  troubles.failed('queue', 'away');
  clock.now = 2_900;
  troubles.failed('queue', 'away');
  t.is(troubles.current, undefined);
  troubles.works('queue');
  t.deepEqual([said, changes()], [[], 0]);
});

test('a lasting failure is told once when it begins and once when it ends', (t) => {
  const { troubles, said, clock, changes } = scene();
  for (clock.now = 0; clock.now <= 60_000; clock.now += 1_000) troubles.failed('queue', `away at ${clock.now}`);
  t.is(said.length, 1);
  t.regex(said[0] ?? '', /^warn: this worker cannot work .*away at 3000/);
  t.deepEqual(troubles.current, { reason: 'away at 60000', lasts_ms: 61_000 });
  troubles.works('queue');
  troubles.works('queue');
  t.is(said.length, 2);
  t.regex(said[1] ?? '', /^info: this worker can work again .*61/);
  t.is(troubles.current, undefined);
  t.is(changes(), 2);
});

test('of several troubles the oldest is told to the coordinator', (t) => {
  const { troubles, clock } = scene();
  const fail = (): void => {
    troubles.failed('work folder', 'full');
    if (clock.now >= 1_000) troubles.failed('queue', 'away');
  };
  for (clock.now = 0; clock.now <= 10_000; clock.now += 1_000) fail();
  t.is(troubles.current?.reason, 'full');
  troubles.works('work folder');
  t.is(troubles.current?.reason, 'away');
});

test('a reason of any length and content can be stored', (t) => {
  const { troubles, clock } = scene();
  for (clock.now = 0; clock.now <= 4_000; clock.now += 1_000) troubles.failed('queue', `\0${'😀'.repeat(5_000)}`);
  const { reason = '' } = troubles.current ?? {};
  t.true(reason.length <= 300);
  t.false(/\0/.test(reason));
});

const outage = test.macro({
  exec: (t, error: Error, expected: string) => t.is(describeOutage('the queue server', 'db:5432', error), expected),
  title: (sentence) => sentence ?? '',
});
const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
test('a refused connection', outage, refused, 'the queue server at db:5432 refuses the connection');
const named = Object.assign(new Error('getaddrinfo ENOTFOUND db'), { code: 'ENOTFOUND' });
test('an unknown name', outage, named, 'the queue server at db:5432 has no address: its name is not known here');
const timeout = new Error('timeout expired');
test('no answer', outage, timeout, 'the queue server at db:5432 does not answer');
const retries = new Error('Reached the max retries per request limit (which is 0).');
test('a Redis that is away', outage, retries, 'the queue server at db:5432 does not answer');
const secret = new Error('bad url postgres://me:secret@db/x');
test('no password is shown', outage, secret, "the queue server at db:5432 can't be used: bad url postgres://db/x");
