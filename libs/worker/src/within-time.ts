import { statSync } from 'node:fs';
import { formatDuration, MitoError } from '@mitosis/domain';

const tooSlow = (what: string, limitMs: number): MitoError =>
  new MitoError('unavailable', 'step_timed_out', `${what} took longer than ${formatDuration(limitMs)}`);

/**
 * The result of `work`, or a `step_timed_out` error that names it. What is done after the end of a program
 * touches files that the program left behind: no such step may hold its attempt for ever. `work` itself continues.
 */
export function withinTime<T>(what: string, limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooSlow(what, limitMs)), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * As {@link withinTime} for work of any length that writes `file`:
 * it may take as long as that grows within each `limitMs`.
 */
export function whileGrowing<T>(file: string, limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let before = -1;
    const timer = setInterval(() => {
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size === before) reject(tooSlow('reading the next file of the folder', limitMs));
      before = size;
    }, limitMs);
    work.then(resolve, reject).finally(() => clearInterval(timer));
  });
}
