import test from 'ava';
import fc from 'fast-check';
import { exactNumber, parseExactJson } from './exact-json.js';

const cases: readonly (readonly [string, unknown])[] = [
  ['{"l":NaN}', { l: 'NaN' }],
  ['[Infinity,-Infinity,nan,-nan,inf,-inf]', ['Infinity', '-Infinity', 'NaN', 'NaN', 'Infinity', '-Infinity']],
  ['{"n":9007199254740993}', { n: '9007199254740993' }],
  ['{"n":12345678901234567890}', { n: '12345678901234567890' }],
  ['[9007199254740992,-0.0,1e22,1.50,0.1,1e-7]', [9007199254740992, -0, 1e22, 1.5, 0.1, 1e-7]],
  ['[1e400,-1e400,1e-400]', ['1e400', '-1e400', '1e-400']],
  ['0.1234567890123456789', '0.1234567890123456789'],
  [
    '{"text with NaN and 12345678901234567890":"inf \\" 1e400"}',
    { 'text with NaN and 12345678901234567890': 'inf " 1e400' },
  ],
];
for (const [text, value] of cases) test(`${text} keeps its numbers`, (t) => t.deepEqual(parseExactJson(text), value));

for (const text of ['{"a":1NaN}', '[01234567890123456789]', '{"a":-}', '"NaN', '[+1e400]', '[1e400', '{"a":NaNs}', ''])
  test(`${JSON.stringify(text)} is not JSON`, (t) =>
    void t.throws(() => parseExactJson(text), { instanceOf: SyntaxError }));

test('whatever JSON can write is read as JSON.parse reads it', (t) => {
  fc.assert(fc.property(fc.json(), (text) => t.deepEqual(parseExactJson(text), JSON.parse(text))));
  t.pass();
});

test('an integer of any size, and any double, keeps its value', (t) => {
  fc.assert(fc.property(fc.bigInt(), (value) => BigInt(exactNumber(String(value))) === value));
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (value) => exactNumber(String(value)) === value || value === 0,
    ),
  );
  t.pass();
});

test('a string without an end takes time in proportion to its length', (t) => {
  const begun = performance.now();
  t.throws(() => parseExactJson(`[1e400,"${'\\"'.repeat(1_000_000)}`));
  t.true(performance.now() - begun < 30_000);
});
