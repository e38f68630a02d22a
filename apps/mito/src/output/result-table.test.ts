import test from 'ava';
import fc from 'fast-check';
import type { JobResult } from '@mitosis/protocol';
import { resultTable, toCsv } from './result-table.js';

function result(given: Pick<JobResult, 'params' | 'metrics'>): JobResult {
  return {
    index: 0,
    task: '01a22317-0000-7000-8000-000000000000',
    name: 'x',
    state: 'completed',
    exit_code: 0,
    signal: null,
    reason: null,
    attempts: 1,
    wall_ms: 1,
    user_cpu_ms: 1,
    system_cpu_ms: 1,
    peak_rss_bytes: 1,
    artifacts: [],
    is_metrics_truncated: false,
    notes: [],
    ...given,
  };
}

const OURS = ['index', 'state', 'exit_code', 'reason', 'attempts', 'task', 'artifacts'];

test('a column that is called like a parameter gives way to it', (t) => {
  const { head, rows } = resultTable(
    [result({ params: { task: 'a', reason: 'b', index: 'c' }, metrics: [{ task: 1, state: 2 }] })],
    {
      isEachRow: false,
    },
  );
  t.deepEqual(head.slice(0, 9), [
    'mito.index',
    'task',
    'reason',
    'index',
    'metric.task',
    'metric.state',
    'state',
    'exit_code',
    'mito.reason',
  ]);
  t.is(head.at(-1), 'mito.task');
  t.deepEqual(rows[0]?.slice(0, 6), ['0', 'a', 'b', 'c', '1', '2']);
});

test('no two columns have the same title, whatever parameters and metrics are called', (t) => {
  const name = fc.oneof(
    fc.constantFrom(...OURS, 'loss', ...OURS.flatMap((own) => [`mito.${own}`, `metric.${own}`, `metric.mito.${own}`])),
    fc.string({ maxLength: 5 }),
  );
  const param = fc.constantFrom(...OURS, 'loss', 'metric', 'mito');
  fc.assert(
    fc.property(fc.dictionary(param, fc.integer()), fc.dictionary(name, fc.integer()), (params, row) => {
      const { head, rows } = resultTable([result({ params, metrics: [row] })], { isEachRow: false });
      t.is(new Set(head).size, head.length);
      t.is(rows[0]?.length, head.length);
      for (const each of Object.keys(params)) t.true(head.includes(each));
    }),
  );
});

test('numbers of a CSV table are as they were given, what a spreadsheet would compute is text', (t) => {
  const cells = [
    '-1.5',
    '123456789012345678901234567890',
    '0.10',
    '007',
    '1e-5',
    '-Infinity',
    '-inf',
    '+NaN',
    '=1+1',
    '-2+3',
    '@x',
    '+1',
    'a,b',
    'a"b',
  ];
  t.is(
    toCsv([cells]),
    `-1.5,123456789012345678901234567890,0.10,007,1e-5,-Infinity,-inf,+NaN,'=1+1,'-2+3,'@x,+1,"a,b","a""b"\r\n`,
  );
});

test('a field called like a property of every object is empty where a row has none', (t) => {
  const { head, rows } = resultTable(
    [result({ params: { valueOf: 1 }, metrics: [{ toString: 3 }, { loss: 1 }] }), result({ params: {}, metrics: [] })],
    { isEachRow: true },
  );
  t.deepEqual(head.slice(1, 4), ['valueOf', 'toString', 'loss']);
  t.deepEqual(
    rows.map((row) => row.slice(1, 4)),
    [
      ['1', '3', ''],
      ['1', '', '1'],
      ['', '', ''],
    ],
  );
});
