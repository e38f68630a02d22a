import { formatBytes } from '@mitosis/domain';
import type { MetricsSummary, WorkerHealth } from '@mitosis/protocol';
import { formatTimeShort } from './format-time.js';
import { paintState, type Paint } from './paint.js';
import { tableText } from './print-table.js';

/** How much room there is; 0 for as much as is needed. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

const LABEL = 9;
/** A screen too low for its workers still shows this many. */
const WORKERS_MIN = 3;
/** The heading of the table, the line on those left out, and that of the cursor. */
const LINES_BESIDE = 4;

const rate = (perSecond: number | null): string =>
  perSecond === null ? '–' : perSecond.toFixed(perSecond < 10 ? 1 : 0);
const percent = (ratio: number | null): string => (ratio === null ? '–' : `${Math.round(ratio * 100)} %`);

function memoryOf({ memory_used_bytes: used, memory_total_bytes: total }: WorkerHealth): string {
  if (used === null || total === null) return '–';
  const [[amount, unit], all] = [formatBytes(used).split(' '), formatBytes(total)];
  return all.endsWith(` ${unit}`) ? `${amount} of ${all}` : `${amount} ${unit} of ${all}`;
}

function healthOf({ health, wanted }: WorkerHealth): string {
  if (health === 'silent') return 'lost';
  if (health === 'unable') return "can't work";
  return wanted === 'run' ? 'ok' : wanted === 'drain' ? 'draining' : 'stopping';
}

/** What needs a look comes first: it must not be below the edge of the screen. */
const SEVERITY = ['lost', "can't work", 'stopping', 'draining', 'ok'];
const severity = (worker: WorkerHealth): number => SEVERITY.indexOf(healthOf(worker));

function workerLines(
  workers: readonly WorkerHealth[],
  paint: Paint,
  { columns, rows }: Room,
  linesAbove: number,
): string[] {
  if (workers.length === 0) return [];
  const most = rows === 0 ? workers.length : Math.max(rows - linesAbove - LINES_BESIDE, WORKERS_MIN);
  const sorted = workers.toSorted((a, b) => severity(a) - severity(b));
  const cells = sorted
    .slice(0, most)
    .map((worker) => [
      worker.hostname,
      { text: healthOf(worker), paint: (cell: string) => paintState(cell, paint) },
      `${worker.running} of ${worker.slots}`,
      percent(worker.cpu),
      memoryOf(worker),
      `${worker.seen_s.toFixed(0)} s ago`,
      worker.uuid,
    ]);
  const table = tableText(['HOST', 'HEALTH', 'RUNNING', 'CPU', 'MEMORY', 'SEEN', 'WORKER'], cells, columns).trimEnd();
  return ['', table, ...(sorted.length > most ? [paint.dim(`and ${sorted.length - most} more workers`)] : [])];
}

interface Word {
  readonly text: string;
  readonly painted: string;
}

/** Words two spaces apart behind a label, in as many lines as it takes. */
function labelled(label: string, words: readonly Word[], paint: Paint, columns: number): string[] {
  const lines: Word[][] = [[]];
  let width = LABEL;
  for (const word of words) {
    width += word.text.length + 2;
    if (columns > 0 && width > columns + 1 && (lines.at(-1)?.length ?? 0) > 0) {
      lines.push([]);
      width = LABEL + word.text.length + 2;
    }
    lines.at(-1)?.push(word);
  }
  return lines.map(
    (line, index) =>
      `${paint.dim((index === 0 ? label : '').padEnd(LABEL))} ${line.map(({ painted }) => painted).join('  ')}`,
  );
}

/** The figures of a deployment, as one screen of text. */
export function describeMetrics(metrics: MetricsSummary, paint: Paint, room: Room = { columns: 0, rows: 0 }): string {
  const { tasks, workers } = metrics;
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const line = (label: string, ...words: (string | Word)[]): string[] =>
    labelled(
      label,
      words.map((word) => (typeof word === 'string' ? { text: word, painted: word } : word)),
      paint,
      room.columns,
    );
  const failures = `${rate(metrics.failed_per_s)} failures/s`;
  const isFailing = metrics.failed_per_s !== null && metrics.failed_per_s > 0;
  const lines = [
    ...line('at', formatTimeShort(metrics.at)),
    ...line(
      'tasks',
      ...Object.entries(tasks).map(([state, count]) => ({
        text: `${count} ${state}`,
        painted: `${count} ${paintState(state, paint)}`,
      })),
    ),
    ...line('rate', `${rate(metrics.finished_per_s)} tasks/s`, {
      text: failures,
      painted: isFailing ? paint.red(failures) : failures,
    }),
    ...line(
      'oldest',
      metrics.oldest_ready_s === null ? 'nothing waits' : `ready for ${metrics.oldest_ready_s.toFixed(1)} s`,
    ),
    ...line('slots', `${running} of ${slots} in use on ${workers.length} workers`),
  ];
  return [...lines, ...workerLines(workers, paint, room, lines.length)].join('\n');
}
