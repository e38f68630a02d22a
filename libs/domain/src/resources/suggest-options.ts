import { formatBytes } from '../bytes.js';

/** What attempts of a job asked for and used. */
export interface AskedAndUsed {
  /** Attempts that show enough of the program. */
  readonly evidence: number;
  readonly cpusUsedMax: number | null;
  readonly memAskedBytes: number | null;
  readonly peakMaxBytes: number | null;
  readonly limitMs: number | null;
  readonly maxMs: number | null;
  readonly outOfMemory: number;
  readonly timedOut: number;
}

/** Beyond the most that was used: memory, and time. */
const MEM_MARGIN = 1.2;
const TIME_MARGIN = 1.5;

/** A smaller limit leaves no room for what a measurement misses. */
const MEM_MIN = 32 * 2 ** 20;

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Never less than the bytes: in whole MiB, or in tenths of a GiB. */
function sizeOption(bytes: number): string {
  if (bytes < GIB) return `${Math.ceil(bytes / MIB)}MiB`;
  return formatBytes(Math.ceil((bytes / GIB) * 10) * (GIB / 10)).replace(/(?:\.0)? /, '');
}

function memOption({ peakMaxBytes: peak, memAskedBytes: asked, outOfMemory }: AskedAndUsed): string[] {
  // Where a limit ended tasks, the peak is the limit, and says nothing about what they need.
  if (outOfMemory > 0 && asked !== null) return ['--mem', sizeOption(asked * 2)];
  return peak === null ? [] : ['--mem', sizeOption(Math.max(peak * MEM_MARGIN, MEM_MIN))];
}

function timeOption({ limitMs, maxMs, timedOut }: AskedAndUsed): string[] {
  if (limitMs === null || maxMs === null) return [];
  const ms = timedOut > 0 ? limitMs * 2 : maxMs * TIME_MARGIN;
  const minutes = Math.max(Math.ceil(ms / 60_000), 1);
  return ['--timeout', minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`];
}

/**
 * Options for the next submission: cores by the busiest attempt, memory by the largest peak plus 20 %, 32 MiB at least,
 * a time limit only when there was one. Twice the limit where tasks were ended by it. Nothing without evidence.
 */
export function suggestOptions(used: AskedAndUsed): string[] {
  if (used.evidence === 0)
    return used.outOfMemory + used.timedOut === 0 ? [] : [...memOfFailures(used), ...timeOption(used)];
  const cpus = used.cpusUsedMax === null ? [] : ['--cpus', String(Math.max(Math.ceil(used.cpusUsedMax - 0.1), 1))];
  return [...cpus, ...memOption(used), ...timeOption(used)];
}

const memOfFailures = (used: AskedAndUsed): string[] => (used.outOfMemory > 0 ? memOption(used) : []);
