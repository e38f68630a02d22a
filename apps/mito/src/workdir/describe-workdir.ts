import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { counted, formatBytes } from '@mitosis/domain';
import type { SourceFile } from '@mitosis/executor';
import type { LeftOut, ListedWorkdir } from './list-workdir.js';

/** A folder that is left out is measured up to this many entries: it may be huge. */
const MEASURED_MAX = 20_000;
const SHOWN = 5;
const LARGEST = 10;

interface Measured {
  readonly bytes: number;
  readonly isWhole: boolean;
}

function measure(place: string): Measured {
  let [bytes, entries] = [0, 0];
  const left = [place];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (++entries > MEASURED_MAX) return { bytes, isWhole: false };
    const stats = lstatSync(next, { throwIfNoEntry: false });
    if (!stats?.isDirectory()) bytes += stats?.size ?? 0;
    else left.push(...namesIn(next).map((name) => path.join(next as string, name)));
  }
  return { bytes, isWhole: true };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function describeLeftOut(
  dir: string,
  { path: place, why }: LeftOut,
): { readonly text: string; readonly bytes: number } {
  const { bytes, isWhole } = measure(path.join(dir, place));
  const size = `${isWhole ? '' : 'over '}${formatBytes(bytes)}`;
  return { text: `${place} (${size}, ${why})`, bytes };
}

/** `2,013 files, 14 MB; left out: data/ (3 GB, .gitignore)`. */
export function describeWorkdir({ dir, files, links, leftOut }: ListedWorkdir): string {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const what = `${counted(files.length + links.length, 'file')}, ${formatBytes(bytes)}`;
  if (leftOut.length === 0) return what;
  const described = leftOut.map((item) => describeLeftOut(dir, item)).sort((a, b) => b.bytes - a.bytes);
  const shown = described.slice(0, SHOWN).map(({ text }) => text);
  const rest = described.length - shown.length;
  return `${what}; left out: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** The largest files, a line each. */
export function largestFiles(files: readonly SourceFile[]): string[] {
  const largest = files.toSorted((a, b) => b.size - a.size).slice(0, LARGEST);
  return largest.map(({ path: place, size }) => `${formatBytes(size)}  ${place}`);
}
