import { formatBytes, formatDuration } from '@mitosis/domain';
import type { JobEfficiency, UsageRow } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import type { Paint } from './paint.js';
import { harmless } from './say.js';

const hours = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

function keyOf(row: UsageRow, key: string): string {
  if (key === 'user') return row.user ?? '';
  if (key === 'group') return row.group ?? '';
  return row.job === null ? '(no job)' : `${row.job} ${row.job_name ?? ''}`;
}

/** One line for each combination of `by`. */
export function usageListing(by: readonly string[]): Listing<UsageRow> {
  return {
    head: [
      ...by.map((key) => key.toUpperCase()),
      'TASKS RUN',
      'CORE H',
      'CPU H',
      'GPU H',
      'WALL H',
      'WAITING H',
      'LOST',
      'LOST CORE H',
    ],
    row: (row) => [
      ...by.map((key) => keyOf(row, key)),
      String(row.attempts),
      hours(row.core_hours),
      hours(row.cpu_hours),
      hours(row.gpu_hours),
      hours(row.wall_hours),
      hours(row.waiting_hours),
      String(row.lost.attempts),
      hours(row.lost.core_hours),
    ],
    empty: 'nothing ran in this time',
  };
}

const FIGURES = ['attempts', 'core_hours', 'cpu_hours', 'gpu_hours', 'wall_hours', 'waiting_hours'] as const;
const LOST = ['attempts', 'core_hours', 'gpu_hours', 'wall_hours'] as const;

/** The same for programs: full numbers, and names as in the API. */
export function usageCsv(by: readonly string[], rows: readonly UsageRow[]): string[][] {
  const keys = by.flatMap((key) => (key === 'job' ? (['job', 'job_name'] as const) : [key as 'user' | 'group']));
  return [
    [...keys, ...FIGURES, ...LOST.map((name) => `lost_${name}`)],
    ...rows.map((row) => [
      ...keys.map((key) => row[key] ?? ''),
      ...FIGURES.map((name) => String(row[name])),
      ...LOST.map((name) => String(row.lost[name])),
    ]),
  ];
}

const bytes = (value: number | null): string => (value === null ? 'not measured' : formatBytes(value));
const time = (value: number | null): string => (value === null ? 'not measured' : formatDuration(value));

/** The figures of a job, asked against used, and the options to type next time. */
export function describeEfficiency(found: JobEfficiency, paint: Paint): string {
  const { cpus, mem, time: ran, gpus } = found;
  const share =
    cpus.used_mean === null ? '' : ` (${Math.round((cpus.used_mean / cpus.asked) * 100)} % of what was asked for)`;
  const facts: [string, string][] = [
    ['measured', `${found.measured} tasks, ${found.evidence} of them long enough to judge by`],
    [
      'cores',
      `asked ${cpus.asked}; used ${cpus.used_mean ?? 'not measured'} on average${share}, ` +
        `${cpus.used_max ?? 'not measured'} at most`,
    ],
    [
      'memory',
      `asked ${mem.asked_bytes === null ? 'nothing' : formatBytes(mem.asked_bytes)}; ` +
        `used ${bytes(mem.peak_median_bytes)} typically, ${bytes(mem.peak_max_bytes)} at most`,
    ],
    [
      'time',
      `limit ${ran.limit_ms === null ? 'none' : formatDuration(ran.limit_ms)}; ` +
        `took ${time(ran.median_ms)} typically, ${time(ran.max_ms)} at most`,
    ],
    ...(gpus.asked > 0
      ? [['GPUs', `asked ${gpus.asked}; how busy they were is not measured`] as [string, string]]
      : []),
    ...(found.out_of_memory > 0
      ? [['failed', `${found.out_of_memory} tasks ran out of memory`] as [string, string]]
      : []),
    ...(found.timed_out > 0
      ? [['failed', `${found.timed_out} tasks reached their time limit`] as [string, string]]
      : []),
    [
      'next time',
      found.suggestion.length === 0 ? 'no task ran long enough to suggest anything' : found.suggestion.join(' '),
    ],
  ];
  return facts.map(([key, value]) => `${paint.dim(key.padEnd(9))} ${harmless(value)}`).join('\n');
}
