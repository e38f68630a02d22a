import test from 'ava';
import fc from 'fast-check';
import { describeChange, storableJson, storableSentence } from './storable.js';
import { isStorableText } from './text.js';

const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\0', '\ud800', '\udc00', 'a\ud83d', '__proto__'),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);
const hostile = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'large' }, hostileText, fc.double(), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc
    .array(fc.tuple(hostileText, tie('value')), { maxLength: 4 })
    .map((pairs) => Object.fromEntries(pairs) as unknown),
})).value;

test('any text of a program becomes JSON that PostgreSQL can store; clean text stays as it was', (t) => {
  fc.assert(
    fc.property(hostile, (value) => {
      const { value: made, changes } = storableJson(value);
      const text = JSON.stringify(made);
      t.true(isStorableText(text) && !/\\u0000|\\ud[89a-f]/i.test(text.replaceAll('\\\\', '')));
      t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(made)));
      if (changes.length === 0) t.deepEqual(made, value);
      t.deepEqual(storableJson(made), { value: made, changes: [] }, 'once is enough');
      t.true(changes.map(describeChange).every(isStorableText));
    }),
  );
});

test('each kind of change is described once, with its first place', (t) => {
  const deep = JSON.parse(`${'['.repeat(9_000)}${']'.repeat(9_000)}`) as unknown;
  const { value, changes } = storableJson({ a: ['\ud800', 'b\0'], n: Number.NaN, deep });
  t.like(value, { a: { 0: '\ufffd', 1: 'b\ufffd' }, n: 'NaN' });
  t.is(changes.length, 3);
  t.deepEqual(changes.map(describeChange).slice(0, 2), [
    'a.0 and 1 more: a NUL character or half of a surrogate pair was replaced by U+FFFD',
    'n: a number that is not finite became text',
  ]);
  t.notThrows(() => JSON.stringify(value));
});

test('a sentence that quotes bytes of a task can be stored, and is not longer than it may be', (t) => {
  const sentence = storableSentence(`bad token \0\ud800 ${'😀'.repeat(50)}`, 40);
  t.true(isStorableText(sentence) && sentence.length <= 40);
});
