import test from 'ava';
import { metricsLine } from './metrics-line.js';

const line = test.macro((t, words: readonly string[], step: string | undefined, expected: string) => {
  t.is(metricsLine(words, step), `${expected}\n`);
});

test('a metric with its step', line, ['loss=0.2'], '3', '{"step":3,"loss":0.2}');
test('several metrics in one line', line, ['loss=0.2', 'acc=91'], undefined, '{"loss":0.2,"acc":91}');
test('NaN and infinities', line, ['a=nan', 'b=-inf', 'c=+Infinity'], undefined, '{"a":NaN,"b":-Infinity,"c":Infinity}');
test('the digits of a number stay', line, ['n=12345678901234567890'], undefined, '{"n":12345678901234567890}');
test(
  'numbers as programs write them',
  line,
  ['a=.5', 'b=+2', 'c=1e-3', 'd=007'],
  '-1',
  '{"step":-1,"a":0.5,"b":2,"c":1e-3,"d":7}',
);
test('a name of any characters', line, ['val "loss"/τ=1'], undefined, '{"val \\"loss\\"/τ":1}');

const refused = test.macro((t, words: readonly string[], step: string | undefined, message: RegExp) => {
  t.throws(() => metricsLine(words, step), { message });
});

test('a word that is not a number', refused, ['loss=low'], undefined, /^loss: "low" is not a number/);
test('nothing behind the sign', refused, ['loss='], undefined, /^loss: "" is not a number/);
test('no name', refused, ['=1'], undefined, /NAME=NUMBER/);
test('a message among metrics', refused, ['loss=1', 'epoch 3'], undefined, /"epoch 3" is not of the form NAME=NUMBER/);
test('a name twice', refused, ['loss=1', 'loss=2'], undefined, /^loss: is given twice/);
test('a step twice', refused, ['step=1'], '2', /^step: is given twice/);
test('a step that is not a number', refused, ['loss=1'], 'three', /^--step: "three" is not a whole number/);
test('two numbers in one', refused, ['loss=1.2.3'], undefined, /is not a number/);
