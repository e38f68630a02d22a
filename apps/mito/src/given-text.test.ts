import test from 'ava';
import { notUtf8, type ReadProcess } from './given-text.js';

const LATIN = Buffer.from('k\u00fche', 'latin1');
const REPLACED = LATIN.toString('utf8');

const process =
  (entries: readonly (string | Buffer)[]): ReadProcess =>
  () =>
    entries.map((entry) => Buffer.from(entry));

test('an argument that is not UTF-8 is named by its place, its bytes and the option before it', (t) => {
  const read = process(['node', '--', 'main.js', 'run', '--name', LATIN]);
  const error = notUtf8({ argv: ['run', '--name', REPLACED], env: {} }, read);
  t.regex(String(error?.message), /^argument 3 "k\\xfche" \(after --name\) is not UTF-8\./);
  t.deepEqual(error?.details, { argument: 3 });
});

test('U+FFFD that was typed is an argument like any other', (t) => {
  const read = process(['node', 'main.js', 'run', '\ufffd', 'A=\ufffd', 'MITO_USER=\ufffd']);
  t.is(
    notUtf8({ argv: ['run', '\ufffd', 'A=\ufffd'], env: { OTHER: '\ufffd' } }, process(['run', '\ufffd', 'A=\ufffd'])),
    undefined,
  );
  t.is(notUtf8({ argv: [], env: { MITO_USER: '\ufffd' } }, read), undefined);
});

test('where the bytes of the arguments can not be looked up, U+FFFD is refused', (t) => {
  const error = notUtf8({ argv: ['run', '\ufffd'], env: {} }, () => undefined);
  t.regex(String(error?.message), /^argument 2 "\ufffd" is not UTF-8/);
});

test('a password is not shown', (t) => {
  const argv = ['login', 'kim', REPLACED];
  const error = notUtf8({ argv, env: {} }, process(['login', 'kim', LATIN]));
  t.regex(String(error?.message), /^argument 3 is not UTF-8/);
});

test('a setting in the environment is named, and variables of other programs are left alone', (t) => {
  const read = process([Buffer.concat([Buffer.from('MITO_PASSWORD='), LATIN])]);
  const error = notUtf8({ argv: [], env: { OTHER: REPLACED, MITO_PASSWORD: REPLACED } }, read);
  t.regex(String(error?.message), /^the variable MITO_PASSWORD is not UTF-8/);
  t.is(notUtf8({ argv: [], env: { OTHER: REPLACED } }, read), undefined);
});
