import { mkdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MitoError } from '@mitosis/domain';
import { removeTree } from './remove-tree.js';
import { errorCode, isErrno } from './system-error.js';

/** The folders of one attempt; all absolute, all with mode 0700. */
export interface Scratch {
  /** Holds all the others; removed as a whole. */
  readonly dir: string;
  /** Where the program starts. */
  readonly execDir: string;
  /** Its HOME, unless the worker gives it another one: what programs keep there is no product of the task. */
  readonly homeDir: string;
  /** What the program leaves here is its result. */
  readonly resultDir: string;
  /** Inputs that were fetched for it. */
  readonly resourceDir: string;
  /** What the program leaves here is laid into that of the next attempt. */
  readonly checkpointDir: string;
  /** Its TMPDIR. */
  readonly tmpDir: string;
  /** Its output, framed. */
  readonly spoolPath: string;
  /** The folders that are made beforehand. */
  readonly folders: readonly string[];
}

/** A sandboxed program has its working folder and its TMPDIR in memory: there are none here. */
export type ScratchKind = 'command' | 'program';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** The scratch folders that belong to `executionId`, whether they exist or not. */
export function scratchOf(root: string, executionId: string, kind: ScratchKind = 'command'): Scratch {
  if (!NAME.test(executionId)) {
    throw new MitoError('invalid', 'invalid_execution_id', `"${executionId}" can't name an execution`);
  }
  const dir = resolve(root, executionId);
  const [execDir, homeDir, resultDir, resourceDir, tmpDir, checkpointDir] = [
    join(dir, 'exec'),
    join(dir, 'home'),
    join(dir, 'result'),
    join(dir, 'resource'),
    join(dir, 'tmp'),
    join(dir, 'checkpoint'),
  ] as const;
  const folders =
    kind === 'program' ? [resultDir, resourceDir] : [execDir, homeDir, resultDir, resourceDir, tmpDir, checkpointDir];
  return {
    dir,
    execDir,
    homeDir,
    resultDir,
    resourceDir,
    tmpDir,
    checkpointDir,
    spoolPath: join(dir, 'output.spool'),
    folders,
  };
}

/**
 * Fresh folders for one attempt below `root` (created when missing); what an earlier worker left
 * under the same id is removed. Throws `scratch_unavailable` with the system's reason (disk full,
 * no permission).
 */
export async function prepareScratch(
  root: string,
  executionId: string,
  kind: ScratchKind = 'command',
): Promise<Scratch> {
  const scratch = scratchOf(root, executionId, kind);
  try {
    await makeFresh(scratch.dir);
    for (const dir of scratch.folders) mkdirSync(dir, { mode: 0o700 });
    return scratch;
  } catch (error) {
    throw new MitoError('unavailable', 'scratch_unavailable', `No scratch folder: ${errorCode(error)}`, {
      cause: error,
    });
  }
}

/** Removes an attempt's folders, whatever the program did to them, as `removeTree` describes. */
export async function cleanScratch(scratch: Scratch): Promise<void> {
  if (!removeIfBare(scratch)) await removeTree(scratch.dir);
}

/** Removes what earlier runs left in `root`; returns what could not be removed, and why. */
export async function sweepScratch(root: string): Promise<string[]> {
  const stuck: string[] = [];
  for (const entry of await namesIn(root)) {
    if (!NAME.test(entry)) continue;
    try {
      await removeTree(join(root, entry));
    } catch (error) {
      if (!(error instanceof MitoError)) throw error;
      stuck.push(error.message);
    }
  }
  return stuck;
}

// What every task needs is done without the thread pool: to wake a thread costs more processor time
// than to make or remove one folder (10 of them 0.3 ms instead of 0.7), and that of the other tasks, too.
async function makeFresh(dir: string): Promise<void> {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) await removeTree(dir);
    else if (!isErrno(error, 'ENOENT')) throw error;
    await mkdir(dir, { recursive: true, mode: 0o700 });
  }
}

/** The fast way for the many tasks that leave no file. False when there is more. */
function removeIfBare(scratch: Scratch): boolean {
  try {
    for (const dir of scratch.folders) rmdirSync(dir);
    unlinkSync(scratch.spoolPath);
    rmdirSync(scratch.dir);
    return true;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return false;
    throw error;
  }
}

async function namesIn(root: string): Promise<string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
