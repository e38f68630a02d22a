import test from 'ava';
import { assertKeyPrefix, assertObjectKey } from './object-key.js';

for (const key of [
  'a',
  't/0b6f/1/result.tar.gz',
  'A._=@+,~-/9',
  '...',
  `${'a'.repeat(120)}/b`,
  `${'a/'.repeat(31)}a`,
]) {
  test(`${key.slice(0, 30)} (${key.length}) is an object key`, (t) => {
    t.notThrows(() => assertObjectKey(key));
  });
}

test('what is not an object key is an invalid field called key', (t) => {
  for (const key of [
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    '..',
    'a/../b',
    'a b',
    'a\\b',
    'a\0',
    'a\n',
    'a\r\n',
    'ä',
    'a%2f',
    'a'.repeat(121),
    'a/'.repeat(450),
  ]) {
    t.like(
      t.throws(() => assertObjectKey(key), undefined, JSON.stringify(key)),
      { kind: 'invalid', code: 'invalid_request', details: { field: 'key' } },
    );
  }
  t.throws(() => assertObjectKey(undefined as unknown as string), { code: 'invalid_request' });
});

test('a prefix may end anywhere in a key', (t) => {
  for (const prefix of ['', 'a', 'a/', 'a/b', 'a/b.']) t.notThrows(() => assertKeyPrefix(prefix));
  for (const prefix of ['\0', 'ä', 'a*', 'a'.repeat(901)])
    t.throws(() => assertKeyPrefix(prefix), { message: /^prefix/ });
});
