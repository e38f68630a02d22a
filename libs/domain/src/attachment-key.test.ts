import test from 'ava';
import { attachmentKeyObjection, cleanPath, keyTarget, resourcePathObjection, uploadTarget } from './index.js';

const upload = test.macro(
  (
    t,
    key: string | undefined,
    options: Parameters<typeof uploadTarget>[2],
    group: string | undefined,
    expected: string,
  ) => {
    t.deepEqual(uploadTarget('train.tar.gz', key, options), { group, key: expected });
  },
);
test('an upload without a key has the name of the file', upload, undefined, {}, undefined, 'train.tar.gz');
test(
  'a key that ends in a slash gets the name of the file',
  upload,
  'datasets/v1/',
  {},
  undefined,
  'datasets/v1/train.tar.gz',
);
test('a key is taken as it is', upload, 'a/b', { group: 'lab' }, 'lab', 'a/b');
test('a key is cleaned', upload, '/a//./b/../c', {}, undefined, 'a/c');
test('smart: what stands before the first slash is the group', upload, 'lab/a/b', { isSmart: true }, 'lab', 'a/b');
test('smart: a key without a slash is the group', upload, 'lab', { isSmart: true }, 'lab', 'train.tar.gz');
test('smart: the group and a folder', upload, 'lab/a/', { isSmart: true }, 'lab', 'a/train.tar.gz');
test('smart: a group that is given wins', upload, 'a/b', { isSmart: true, group: 'lab' }, 'lab', 'a/b');
test('smart: no key, no group', upload, undefined, { isSmart: true }, undefined, 'train.tar.gz');

test('a download finds its group before the first slash only when it is smart', (t) => {
  t.deepEqual(keyTarget('lab/a/b', { isSmart: true }), { group: 'lab', key: 'a/b' });
  t.deepEqual(keyTarget('lab/a/b'), { group: undefined, key: 'lab/a/b' });
  t.deepEqual(keyTarget('lab/a/b', { isSmart: true, group: 'x' }), { group: 'x', key: 'lab/a/b' });
  t.deepEqual(keyTarget('alone', { isSmart: true }), { group: undefined, key: 'alone' });
});

for (const key of [
  '',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  'a/../b',
  'a/./b',
  'a\\b',
  'a\0b',
  'a\r\nb',
  'a\u007fb',
  'x'.repeat(256),
  'é/'.repeat(400) + 'e',
]) {
  test(`a key is refused: ${JSON.stringify(key.slice(0, 20))} (${key.length})`, (t) => {
    t.is(typeof attachmentKeyObjection(key), 'string');
    t.is(typeof resourcePathObjection(key), 'string');
  });
}

test('ordinary keys are accepted', (t) => {
  for (const key of ['a', 'datasets/v1/train.tar.gz', '...', '.hidden', 'ü/名 x', 'a'.repeat(255)])
    t.is(attachmentKeyObjection(key), undefined, key);
});

test('a path that leads above its root is refused, naming the field', (t) => {
  t.throws(() => cleanPath('a/../../b', 'key'), { code: 'invalid_request', message: /^key:/ });
  t.throws(() => uploadTarget('f', '../x'), { code: 'invalid_request' });
});
