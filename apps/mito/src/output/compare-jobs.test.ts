import test from 'ava';
import type { JobResult } from '@mitosis/protocol';
import { compareJobs } from './compare-jobs.js';

const result = (index: number, params: JobResult['params'], ...metrics: JobResult['metrics']): JobResult =>
  ({ index, params, metrics, state: 'completed' }) as unknown as JobResult;

test('tasks with the same parameters stand in one row, whatever their places', (t) => {
  const { head, rows } = compareJobs(
    [
      result(0, { lr: '0.1', seed: 1 }, { loss: 3 }, { loss: 0.5, step: 2 }),
      result(1, { lr: '0.3', seed: 1 }, { loss: 'NaN' }),
    ],
    [
      result(0, { seed: '1', lr: '0.3' }, { loss: 2 }),
      result(1, { lr: '0.1', seed: 1 }, { loss: 0.4 }),
      result(2, { lr: '1', seed: 1 }),
    ],
  );
  t.deepEqual(head, ['task A', 'task B', 'lr', 'seed', 'state A', 'state B', 'loss A', 'loss B', 'loss B-A']);
  t.deepEqual(rows, [
    ['0', '1', '0.1', '1', 'completed', 'completed', '0.5', '0.4', '-0.1'],
    ['1', '0', '0.3', '1', 'completed', 'completed', 'NaN', '2', ''],
    ['', '2', '1', '1', '', 'completed', '', '', ''],
  ]);
});

test('tasks without parameters are paired by their place, equal ones in their order', (t) => {
  t.deepEqual(
    compareJobs([result(0, {}), result(1, {})], [result(1, {})]).rows.map(([a, b]) => [a, b]),
    [
      ['0', ''],
      ['1', '1'],
    ],
  );
  const twice = [result(0, { lr: 1 }), result(1, { lr: 1 })];
  t.deepEqual(
    compareJobs(twice, twice).rows.map(([a, b]) => [a, b]),
    [
      ['0', '0'],
      ['1', '1'],
    ],
  );
  t.deepEqual(compareJobs([], []).rows, []);
});

test('a metric called like a property of every object is empty where a task has none, and an object is JSON', (t) => {
  const { head, rows } = compareJobs([result(0, {}, { constructor: 1, best: { lr: 1 } })], [result(0, {})]);
  t.deepEqual(head.slice(4), ['constructor A', 'constructor B', 'constructor B-A', 'best A', 'best B', 'best B-A']);
  t.deepEqual(rows[0]?.slice(4), ['1', '', '', '{"lr":1}', '', '']);
});
