import test from 'ava';
import { parseProgress } from './progress.js';

const cases: readonly (readonly [string, number, string | null])[] = [
  ['0.42 epoch 3', 0.42, 'epoch 3'],
  ['42% "epoch 3"', 0.42, 'epoch 3'],
  ['.5', 0.5, null],
  ['1. done', 1, 'done'],
  ['1e-05', 0.00001, null],
  ['0.5 a\0b \ud800', 0.5, 'a b \ufffd'],
  [`0.5 ${'x'.repeat(253)}😀a`, 0.5, `${'x'.repeat(253)}…`],
];
for (const [line, value, message] of cases)
  test(`${JSON.stringify(line)} is a report of progress`, (t) => t.deepEqual(parseProgress(line), { value, message }));

for (const line of ['50', '150%', '-0.1', 'nan', 'half', '0.5x', ''])
  test(`"${line}" is not a report of progress`, (t) => t.is(parseProgress(line), undefined));
