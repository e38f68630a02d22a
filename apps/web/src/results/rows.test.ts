import test from 'ava';
import type { JobResult } from '@mitosis/protocol';
import { columnsOf, numberOf, sortRows } from './rows.js';

const row = (index: number, params: JobResult['params'], loss?: number | string): JobResult => ({
  index,
  task: `0000000${index}`,
  name: 'x',
  params,
  state: 'completed',
  exit_code: 0,
  signal: null,
  reason: null,
  attempts: 1,
  wall_ms: 5,
  user_cpu_ms: null,
  system_cpu_ms: null,
  peak_rss_bytes: null,
  artifacts: [],
  metrics: [],
  is_metrics_truncated: false,
  notes: [],
  summary: loss === undefined ? {} : { loss: { last: loss, min: loss, max: loss, count: 1 } },
});

test('NaN and infinities are numbers that JSON carries as words', (t) => {
  t.deepEqual(['NaN', '-Infinity', '12', 'x', '', true, 'toString'].map(numberOf), [
    ...[NaN, -Infinity, 12, undefined, undefined, 1, undefined],
  ]);
});

test('only parameters that differ are columns, and texts that are numbers compare as numbers', (t) => {
  const rows = [
    row(0, { lr: '1e-3', opt: 'sgd' }, 1),
    row(1, { lr: 10, opt: 'sgd' }, 2),
    row(2, { lr: 9, opt: 'sgd' }),
  ];
  const columns = columnsOf(rows, 'last');
  t.deepEqual(
    columns.map(({ key }) => key),
    ['param lr', 'metric loss', 'figure wall time', 'figure peak memory'],
  );
  const lr = columns[0];
  if (!lr) return t.fail();
  t.deepEqual(
    sortRows(rows, lr, 'ascending').map(({ index }) => index),
    [0, 2, 1],
  );
});

test('NaN, infinities and missing values are sorted last, whichever way', (t) => {
  const rows = [row(0, {}, 'NaN'), row(1, {}, 3), row(2, {}), row(3, {}, 'Infinity'), row(4, {}, 1)];
  const loss = columnsOf(rows, 'min').find(({ label }) => label === 'loss');
  if (!loss) return t.fail();
  t.deepEqual(
    sortRows(rows, loss, 'ascending').map(({ index }) => index),
    [4, 1, 3, 0, 2],
  );
  t.deepEqual(
    sortRows(rows, loss, 'descending').map(({ index }) => index),
    [1, 4, 3, 0, 2],
  );
});

test('a name that every object has finds nothing where a task has no such value', (t) => {
  const columns = columnsOf([row(0, { toString: 'a' }), row(1, {})], 'last');
  const param = columns.find(({ key }) => key === 'param toString');
  t.deepEqual(
    [row(0, { toString: 'a' }), row(1, {})].map((one) => param?.valueOf(one)),
    ['a', undefined],
  );
});
