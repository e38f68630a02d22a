import { chmodSync, existsSync, lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { setImmediate as letOthers } from 'node:timers/promises';
import { isErrno } from '@mitosis/executor';

/** What a tree was when it was finished. */
export interface Seal {
  /** On the disk. */
  readonly bytes: number;
  /** The last change of any of its files, as text: nanoseconds since 1970. Nobody can set this time back. */
  readonly changedAt: string;
}

/** What programs keep beside what they load, when they may: no part of what is loaded. */
const CACHES = new Set(['__pycache__', '.cache']);
/** Between two looks at other work: the calls are quicker than the thread pool is. */
const AT_A_TIME = 250;
const WRITABLE = 0o222;
const BLOCK_BYTES = 512n;

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/**
 * Visits everything in `top` and `top` itself; links are not followed, and a file that is gone meanwhile is left out.
 * `visit` may end the walk with false.
 */
async function walk(top: string, visit: (file: string, stats: BigIntStats) => boolean): Promise<boolean> {
  const left = [top];
  for (let count = 1; ; count += 1) {
    const file = left.pop();
    if (file === undefined) return true;
    const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    if (stats && !visit(file, stats)) return false;
    if (stats?.isDirectory()) for (const name of namesIn(file)) left.push(path.join(file, name));
    if (count % AT_A_TIME === 0) await letOthers();
  }
}

const isOfCache = (top: string, file: string): boolean =>
  path
    .relative(top, file)
    .split(path.sep)
    .some((name) => CACHES.has(name));

/** Bytes that a tree has on the disk. */
export async function measureTree(top: string): Promise<number> {
  let blocks = 0n;
  await walk(top, (_, stats) => {
    blocks += stats.blocks;
    return true;
  });
  return Number(blocks * BLOCK_BYTES);
}

/** Takes the right to write from all files of a finished tree, and returns by what a later change is seen. */
export async function sealTree(top: string): Promise<Seal> {
  await walk(top, (file, stats) => {
    const mode = Number(stats.mode) & 0o7777;
    if (!stats.isSymbolicLink() && (mode & WRITABLE) !== 0) chmodSync(file, mode & ~WRITABLE);
    return true;
  });
  let [blocks, changedAt] = [0n, 0n];
  await walk(top, (_, stats) => {
    blocks += stats.blocks;
    if (stats.ctimeNs > changedAt) changedAt = stats.ctimeNs;
    return true;
  });
  return { bytes: Number(blocks * BLOCK_BYTES), changedAt: String(changedAt) };
}

/** True when nothing was added, changed or removed since; root, and whoever owns the files, could. */
export async function isAsSealed(top: string, { changedAt }: Pick<Seal, 'changedAt'>): Promise<boolean> {
  const latest = BigInt(changedAt);
  if (!existsSync(top)) return false;
  // A file that was removed has changed its folder.
  return walk(top, (file, { ctimeNs }) => ctimeNs <= latest || isOfCache(top, file));
}
