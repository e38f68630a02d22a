import test from 'ava';
import { ago, bytes, count, duration, figure, shellLine } from './format.js';

test('sizes and durations carry their unit', (t) => {
  t.deepEqual([0, 1023, 1536, 150 * 2 ** 20, 5 * 2 ** 40].map(bytes), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '150 MiB',
    '5.0 TiB',
  ]);
  t.deepEqual([0, 340, 4_200, 59_000, 190_000, 7_500_000, 273_600_000].map(duration), [
    '0 ms',
    '340 ms',
    '4.2 s',
    '59 s',
    '3 min 10 s',
    '2 h 5 min',
    '3 d 4 h',
  ]);
  t.is(duration(null), '–');
  t.is(ago(0, 300_000), '5 min ago');
  t.is(ago(7_200_000, 0), 'in 2 h');
});

test('numbers are short, and NaN and infinities have names', (t) => {
  t.deepEqual([0.1 + 0.2, 1e-7, 123456, NaN, Infinity, -Infinity, 0].map(figure), [
    '0.3',
    '1.000e-7',
    '123456',
    'NaN',
    '∞',
    '−∞',
    '0',
  ]);
  t.is(count(1, 'task'), '1 task');
  t.is(count(12_000, 'task'), '12,000 tasks');
});

test('a command line can be pasted into a shell', (t) => {
  t.is(shellLine(['mito', 'tasks', '--name', `it's $(me)`, '']), `mito tasks --name 'it'\\''s $(me)' ''`);
});
