import test from 'ava';
import { Passwords } from './passwords.js';

test('a password is right or wrong, and nobody has none', async (t) => {
  const passwords = new Passwords();
  const stored = await passwords.hash('correct horse');
  t.true(await passwords.verify(stored, 'correct horse'));
  t.false(await passwords.verify(stored, 'correct hors'));
  t.false(await passwords.verify(undefined, 'correct horse'));
});

test('a flood is served up to the limit and refused beyond it; later requests are served again', async (t) => {
  let verified = 0;
  const passwords = new Passwords({ cores: 1, onVerify: () => (verified += 1) });
  const stored = await passwords.hash('correct horse');
  await passwords.prepare();
  const flood = Array.from({ length: 1_000 }, () => passwords.verify(stored, 'wrong'));
  const refused = flood.map(async (one, index) =>
    one.then(
      () => undefined,
      (error: { code: string; kind: string }) => ({ index, ...error }),
    ),
  );
  const outcomes = await Promise.all(refused);
  t.is(verified, 33, 'one that is hashed and 32 in line');
  t.deepEqual(
    [...new Set(outcomes.map((error) => error && `${error.kind} ${error.code}`))],
    [undefined, 'unavailable passwords_busy'],
  );
  t.deepEqual(
    outcomes.flatMap((error, index) => (error ? [] : [index])),
    Array.from({ length: 33 }, (_, index) => index),
    'first come, first served',
  );
  t.true(await passwords.verify(stored, 'correct horse'));
});
