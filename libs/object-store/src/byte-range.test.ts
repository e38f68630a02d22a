import test from 'ava';
import { spanOf, spanOfHeader } from './byte-range.js';

const headers: readonly (readonly [
  header: string | undefined,
  span: readonly [number, number] | 'whole' | 'refused',
])[] = [
  ['bytes=0-0', [0, 1]],
  ['bytes=0-99', [0, 100]],
  ['bytes=10-', [10, 90]],
  ['bytes=10-1000', [10, 90]],
  ['bytes=-1', [99, 1]],
  ['bytes=-1000', [0, 100]],
  ['bytes=-0', 'refused'],
  ['bytes=100-', 'refused'],
  ['bytes=100-200', 'refused'],
  ['bytes=5-4', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=0-1,5-6', 'whole'],
  ['lines=0-1', 'whole'],
  ['bytes=a-b', 'whole'],
  ['bytes=99999999999999999999-', 'whole'],
  ['', 'whole'],
  [undefined, 'whole'],
];

for (const [header, expected] of headers) {
  test(`Range ${header ?? '(none)'} of 100 bytes: ${String(expected)}`, (t) => {
    if (expected === 'refused') t.throws(() => spanOfHeader(header, 100), { code: 'range_not_satisfiable' });
    else if (expected === 'whole') t.is(spanOfHeader(header, 100), undefined);
    else t.deepEqual(spanOfHeader(header, 100), { offset: expected[0], lengthBytes: expected[1] });
  });
}

test('an empty object has no range but the whole', (t) => {
  t.deepEqual(spanOf(undefined, 0), { offset: 0, lengthBytes: 0 });
  t.throws(() => spanOf({ start: 0 }, 0), { code: 'range_not_satisfiable' });
  t.throws(() => spanOfHeader('bytes=-5', 0), { code: 'range_not_satisfiable' });
});
