import test from 'ava';
import fc from 'fast-check';
import { formatBytes, parseBytes } from './index.js';

test('MB is a million bytes, MiB and M are 2^20', (t) => {
  const sizes = ['64MB', '64MiB', '64M', '64m', '1.5 GiB', '512', '10b', '2T', '1PB', ' 1KB '];
  t.deepEqual(
    sizes.map((text) => parseBytes(text, '--log-limit')),
    [64e6, 64 * 2 ** 20, 64 * 2 ** 20, 64 * 2 ** 20, 1.5 * 2 ** 30, 512, 10, 2 * 2 ** 40, 1e15, 1000],
  );
});

test('what is not a size is refused with the option as it was typed', (t) => {
  for (const text of [
    '',
    ' ',
    '-1',
    '1e3',
    '1,5M',
    '1..2M',
    '0x10',
    'NaN',
    'M',
    '1 M B',
    '1MBit',
    '9007199254740993',
    '9999PB',
    '1constructor',
    '１M',
  ])
    t.throws(
      () => parseBytes(text, '--log-limit'),
      { code: 'invalid_request', message: /^--log-limit: ".*" is not a size/ },
      text,
    );
});

test('a size for people has the unit in which it is below 1024', (t) => {
  t.deepEqual([0, 812, 1023, 1024, 1_048_575, 1_048_576, 3 * 2 ** 30, 2 ** 50].map(formatBytes), [
    '0 B',
    '812 B',
    '1023 B',
    '1.0 KiB',
    '1.0 MiB',
    '1.0 MiB',
    '3.0 GiB',
    '1.0 PiB',
  ]);
});

test('a size that is shown is a size that can be typed, within the rounding', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 52 }), (bytes) => {
      const again = parseBytes(formatBytes(bytes), 'size');
      return Math.abs(again - bytes) <= bytes * 0.05;
    }),
  );
  t.pass();
});
