import type { MetricsSummary, WorkerHealth } from '@mitosis/protocol';
import { Writable } from 'node:stream';
import { formatBytes } from './format-bytes.js';
import { formatTimeShort } from './format-time.js';
import { type Paint, paintState } from './paint.js';
import { printTable } from './print-table.js';

const rate = (perSecond: number | null): string => (perSecond === null ? '–' : perSecond.toFixed(perSecond < 10 ? 1 : 0));
const percent = (ratio: number | null): string => (ratio === null ? '–' : `${Math.round(ratio * 100)} %`);

function memoryOf({ memory_used_bytes: used, memory_total_bytes: total }: WorkerHealth): string {
  return used === null || total === null ? '–' : `${formatBytes(used)} of ${formatBytes(total)}`;
}

function healthOf({ health, wanted }: WorkerHealth): string {
  if (health === 'silent') return 'lost';
  return wanted === 'run' ? 'ok' : wanted === 'drain' ? 'draining' : 'stopping';
}

function tableOf(workers: readonly WorkerHealth[], paint: Paint): string {
  let text = '';
  const sink = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      text += chunk;
      done();
    },
  });
  const rows = workers.map((worker) => [
    worker.uuid,
    { text: healthOf(worker), paint: (cell: string) => paintState(cell, paint) },
    worker.hostname,
    `${worker.running} of ${worker.slots}`,
    percent(worker.cpu),
    memoryOf(worker),
    `${worker.seen_s.toFixed(0)} s ago`,
  ]);
  printTable(sink, ['WORKER', 'HEALTH', 'HOST', 'RUNNING', 'CPU', 'MEMORY', 'SEEN'], rows);
  return text.trimEnd();
}

/** The figures of a deployment, as one screen of text. */
export function describeMetrics(metrics: MetricsSummary, paint: Paint): string {
  const { tasks, workers } = metrics;
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const states = Object.entries(tasks).map(([state, count]) => `${count} ${paintState(state, paint)}`);
  const failing = metrics.failed_per_s !== null && metrics.failed_per_s > 0 ? paint.red : (text: string) => text;
  const lines = [
    `${paint.dim('at'.padEnd(9))} ${formatTimeShort(metrics.at)}`,
    `${paint.dim('tasks'.padEnd(9))} ${states.join('  ')}`,
    `${paint.dim('rate'.padEnd(9))} ${rate(metrics.finished_per_s)} tasks/s  ${failing(`${rate(metrics.failed_per_s)} failures/s`)}`,
    `${paint.dim('oldest'.padEnd(9))} ${metrics.oldest_ready_s === null ? 'nothing waits' : `ready for ${metrics.oldest_ready_s.toFixed(1)} s`}`,
    `${paint.dim('slots'.padEnd(9))} ${running} of ${slots} in use on ${workers.length} workers`,
  ];
  return [...lines, ...(workers.length > 0 ? ['', tableOf(workers, paint)] : [])].join('\n');
}
