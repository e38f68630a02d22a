import test from 'ava';
import picocolors from 'picocolors';
import type { MetricsSummary, WorkerHealth } from '@mitosis/protocol';
import { describeMetrics } from './describe-metrics.js';

const PLAIN = picocolors.createColors(false);
const GIB = 2 ** 30;

function worker(index: number, changes: Partial<WorkerHealth> = {}): WorkerHealth {
  const uuid = `01a1fe5b-b950-758b-a4ef-${String(index).padStart(12, '0')}`;
  const memory = { memory_used_bytes: 7.25 * GIB, memory_total_bytes: 23.5 * GIB };
  return {
    uuid,
    hostname: `gpu-node-${index}`,
    health: 'ok',
    wanted: 'run',
    slots: 16,
    running: 12,
    cpu: 0.5,
    ...memory,
    seen_s: 1.2,
    trouble: null,
    ...changes,
  };
}

function summary(workers: WorkerHealth[], ready = 5): MetricsSummary {
  const tasks = { pending: 1_000_000, ready, running: 64, completed: 9_000_000, failed: 120_000, cancelled: 30_000 };
  return { at: '2026-11-21T12:00:00.000Z', tasks, oldest_ready_s: 12, finished_per_s: 125, failed_per_s: 0.5, workers };
}

const lines = (text: string): string[] => text.split('\n');

test('at 80 columns no line is longer, and what matters of a worker can be read', (t) => {
  const shown = lines(describeMetrics(summary([worker(1), worker(2)], 10_000_000), PLAIN, { columns: 80, rows: 24 }));
  for (const line of shown) t.true(line.length <= 80, line);
  t.regex(shown.at(-1) ?? '', /^gpu-node-2 {2}ok {6}12 of 16 {2}50 % {2}7\.3 of 23\.5 GiB {2}1 s ago {2}01a1fe5b-.*…$/);
  t.regex(shown.join('\n'), /\n {10}.* cancelled/, 'states that have no room continue in the next line');
});

test('in a pipe nothing is cut', (t) => {
  const shown = lines(describeMetrics(summary([worker(1)]), PLAIN));
  t.regex(shown.at(-1) ?? '', /01a1fe5b-b950-758b-a4ef-000000000001$/);
});

test('with more workers than lines, those that need a look are shown and the others counted', (t) => {
  const workers = [
    ...Array.from({ length: 40 }, (_, index) => worker(index)),
    worker(40, { wanted: 'drain' }),
    worker(41, { health: 'silent' }),
  ];
  const shown = lines(describeMetrics(summary(workers), PLAIN, { columns: 140, rows: 20 }));
  t.true(shown.length < 20, `${shown.length} lines`);
  const table = shown.slice(shown.findIndex((line) => line.startsWith('HOST')) + 1);
  t.regex(table[0] ?? '', /^gpu-node-41 +lost/);
  t.regex(table[1] ?? '', /^gpu-node-40 +draining/);
  t.is(table.at(-1), `and ${42 - (table.length - 1)} more workers`);
});

test('a worker that has told nothing yet has no figures', (t) => {
  const shown = describeMetrics(summary([worker(1, { cpu: null, memory_used_bytes: null })]), PLAIN);
  t.regex(shown, /gpu-node-1 {2}ok {6}12 of 16 {2}– {4}– {6} 1 s ago/);
});
