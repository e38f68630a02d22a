import { readProc } from '../stray-processes.js';

/** `VmHWM` of a process, in bytes: the most that it had resident since its exec. Undefined when unknown. */
export function peakMemory(pid: number | 'self'): number | undefined {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`))?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** When a program is looked at, in ms after its start; then every second. */
const LOOKS_MS = [20, 250];
const INTERVAL_MS = 1000;

/** Follows the peak memory of one program while it runs, where the system shows it. */
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
    const bytes = peakMemory(this.pid);
    if (bytes === undefined) return;
    this.#peakBytes = Math.max(this.#peakBytes ?? 0, bytes);
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
