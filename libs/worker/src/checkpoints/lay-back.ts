import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerClient } from '@mitosis/client';
import { MitoError, type Log } from '@mitosis/domain';
import { removeTree, unpackArchive, type Scratch, type UnpackLimits } from '@mitosis/executor';
import type { StoredCheckpoint } from '@mitosis/protocol';
import { keepTrying } from '../keep-trying.js';

export interface LayBackDeps {
  readonly client: Pick<WorkerClient, 'download'>;
  readonly log: Log;
  readonly limits: UnpackLimits;
}

/** What another try does not mend: the bytes are gone, or not what was stored. */
const IS_DAMAGED = new Set(['not-found', 'invalid', 'conflict', 'too-large']);

/**
 * Lays the newest checkpoint of a task into the empty folder of an attempt. One that is damaged is skipped for the
 * one before it. Throws `checkpoint_damaged` when none is left: to begin again is the owner's decision.
 */
export async function layBack(
  { client, log, limits }: LayBackDeps,
  checkpoints: readonly StoredCheckpoint[],
  { checkpointDir, dir }: Scratch,
  signal: AbortSignal,
): Promise<void> {
  let failure: MitoError | undefined;
  for (const { attempt, number, size_bytes: sizeBytes, sha256, download } of checkpoints) {
    const file = path.join(dir, 'checkpoint.tar.gz');
    const source = { sizeBytes, sha256, sign: () => Promise.resolve(download) };
    try {
      await keepTrying('fetching a checkpoint', () => client.download(source, file, signal), { log, signal });
      await unpackArchive(file, checkpointDir, limits);
      return;
    } catch (error) {
      if (signal.aborted || !(error instanceof MitoError) || !IS_DAMAGED.has(error.kind)) throw error;
      log.warn({ err: error, attempt, number }, 'a checkpoint is damaged; the one before it is tried');
      failure ??= error;
      for (const name of await readdir(checkpointDir)) await removeTree(path.join(checkpointDir, name));
    } finally {
      await rm(file, { force: true });
    }
  }
  if (failure === undefined) return;
  const advice = 'To start from the beginning, remove them with "mito tasks checkpoints UUID --delete"';
  const message = `no checkpoint of the task could be laid back: ${failure.message}. ${advice}`;
  throw new MitoError('conflict', 'checkpoint_damaged', message, { cause: failure });
}
