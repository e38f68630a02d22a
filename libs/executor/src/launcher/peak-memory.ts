import { readdirSync } from 'node:fs';
import { readProc } from '../stray-processes.js';
import { isErrno } from '../system-error.js';

/** `VmHWM` of a process, in bytes: the most that it had resident since its exec. Undefined when unknown. */
export function peakMemory(pid: number | 'self'): number | undefined {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`))?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** Times between the first looks at a program, in ms; then every second. Many are over soon. */
const LOOKS_MS = [20, 20, 40, 80, 120, 200, 300, 500];
const INTERVAL_MS = 1000;

/** How many processes of a program are looked at; each look has to stay cheap. */
const PROCESSES_MAX = 256;

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return [];
    throw error;
  }
}

/** A process with its descendants, as they are now. Any thread of a process may have started a child. */
export function processTree(root: number): number[] {
  const found = [root];
  for (const pid of found) {
    if (found.length >= PROCESSES_MAX) break;
    for (const thread of threadsOf(pid)) {
      found.push(...readProc(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number));
    }
  }
  return found.slice(0, PROCESSES_MAX);
}

/**
 * Follows the peak memory of a program while it runs, where the system shows it: that of the largest among its
 * process and all descendants. A program that was begun by a shell is a descendant.
 */
export class PeakMemorySampler {
  #peakBytes: number | null = null;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly pid: number) {
    this.#arm();
  }

  /** The highest that was seen; null when it was never seen. */
  get peakBytes(): number | null {
    return this.#peakBytes;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = setTimeout(() => this.#look(), LOOKS_MS[this.#looks++] ?? INTERVAL_MS);
  }

  #look(): void {
    if (peakMemory(this.pid) === undefined) return;
    const peaks = processTree(this.pid).map((pid) => peakMemory(pid) ?? 0);
    this.#peakBytes = Math.max(this.#peakBytes ?? 0, ...peaks);
    this.#arm();
  }
}

/** Counters of two processes are kept per CPU and may differ by this much. */
const TOLERANCE_BYTES = 2 * 1024 * 1024;

/**
 * Tells a program's own peak from its launcher's. Linux counts the memory that is resident at the
 * moment of exec(2), the launcher's, into the new program's ru_maxrss (exec_mmap in fs/exec.c), so a
 * smaller value says nothing about the program.
 */
export class LauncherFloor {
  #floorBytes = 0;

  /** `maxRssBytes` when it is the program's own, otherwise undefined. */
  ownPeak(maxRssBytes: number): number | undefined {
    if (maxRssBytes <= this.#floorBytes + TOLERANCE_BYTES) return undefined;
    this.#floorBytes = Math.max(this.#floorBytes, peakMemory('self') ?? 0);
    return maxRssBytes > this.#floorBytes + TOLERANCE_BYTES ? maxRssBytes : undefined;
  }
}
