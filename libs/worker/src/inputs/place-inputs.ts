import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerClient } from '@mitosis/client';
import { MitoError, type Log } from '@mitosis/domain';
import { errorCode, removeTree, unpackArchive, type Scratch } from '@mitosis/executor';
import type { AttemptLease, ClaimedTask, TaskInput } from '@mitosis/protocol';
import { keepTrying } from '../keep-trying.js';
import type { InputCache } from './input-cache.js';

export interface PlaceInputsDeps {
  readonly client: Pick<WorkerClient, 'inputs' | 'download'>;
  readonly cache: InputCache;
  readonly log: Log;
}

/** All inputs of a task have to be there within this time. */
const BUDGET_MS = 30 * 60_000;
/** What an input may unpack to: as much as a worker packs. Gzip itself can't do more than 1,032 : 1. */
const UNPACK_LIMITS = { bytes: 64 * 2 ** 30, entries: 1_000_000, ratio: 1_100 } as const;
/** A file that is replaced while it is fetched is asked for again so often. */
const TRIES = 3;
const REPLACED = new Set(['object_not_found', 'input_replaced']);

/**
 * Puts the inputs of an attempt into its resource folder. Faults of the network are waited for, within
 * bounds. Rejects with what is missing, or with the reason of `stop` when that fires.
 */
export async function placeInputs(
  deps: PlaceInputsDeps,
  claim: ClaimedTask,
  { resourceDir }: Scratch,
  stop: AbortSignal,
): Promise<void> {
  if (claim.spec.resources.length === 0) return;
  const late = new MitoError(
    'unavailable',
    'inputs_timeout',
    `the inputs did not arrive within ${BUDGET_MS / 60_000} minutes`,
  );
  const budget = new AbortController();
  const timer = setTimeout(() => budget.abort(late), BUDGET_MS);
  try {
    await new Placing(deps, claim, resourceDir, AbortSignal.any([stop, budget.signal])).run();
  } finally {
    clearTimeout(timer);
  }
}

class Placing {
  private readonly lease: AttemptLease;

  constructor(
    private readonly deps: PlaceInputsDeps,
    private readonly claim: ClaimedTask,
    private readonly resourceDir: string,
    private readonly signal: AbortSignal,
  ) {
    const { task, attempt, lease } = claim;
    this.lease = { task, attempt, lease };
  }

  async run(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        for (const input of await this.ask()) await this.place(input);
        return;
      } catch (error) {
        const isReplaced = error instanceof MitoError && REPLACED.has(error.code);
        if (!isReplaced || tries === TRIES) throw error;
        // All inputs come from one and the same moment.
        for (const name of await readdir(this.resourceDir)) await removeTree(path.join(this.resourceDir, name));
      }
    }
  }

  private async ask(): Promise<TaskInput[]> {
    const { client, log } = this.deps;
    return keepTrying('asking for inputs', () => client.inputs(this.lease, this.signal), { log, signal: this.signal });
  }

  private async place(input: TaskInput): Promise<void> {
    const { sha256, size_bytes: sizeBytes } = input;
    const wanted = { group: this.claim.group, sha256, sizeBytes };
    const fetch = (file: string, signal: AbortSignal): Promise<void> => this.fetch(input, file, signal);
    try {
      await this.deps.cache.use(wanted, fetch, this.signal, (file) => this.putIn(input, file));
    } catch (error) {
      throw this.signal.aborted ? error : notPlaced(input.path, error);
    }
  }

  private async fetch(input: TaskInput, file: string, signal: AbortSignal): Promise<void> {
    const { client, log } = this.deps;
    const requests = [input.download];
    const sign = async () => requests.pop() ?? (await this.signAgain(input));
    const download = { sizeBytes: input.size_bytes, sha256: input.sha256, sign };
    await keepTrying('fetching an input', () => client.download(download, file, signal), { log, signal });
  }

  private async signAgain({ path: place, sha256 }: TaskInput): Promise<TaskInput['download']> {
    const input = (await this.deps.client.inputs(this.lease, this.signal)).find(
      (candidate) => candidate.path === place,
    );
    if (input?.sha256 !== sha256) throw new MitoError('conflict', 'input_replaced', `the input ${place} was replaced`);
    return input.download;
  }

  private async putIn({ path: place, unpack }: TaskInput, file: string): Promise<void> {
    const target = path.join(this.resourceDir, place);
    if (unpack) return void (await unpackArchive(file, target, UNPACK_LIMITS));
    await mkdir(path.dirname(target), { recursive: true });
    await linkOrCopy(file, target);
  }
}

/** Names the input: a task can have many. */
function notPlaced(place: string, error: unknown): MitoError {
  const isKnown = error instanceof MitoError;
  const why = `the input "${place}" was not placed: ${isKnown ? error.message : errorCode(error)}`;
  const isOfDisk = !isKnown || error.code === 'disk_full';
  const advice = isOfDisk ? '. Make room on the disk of the worker, or run the task on another one' : '';
  const [kind, code] = isKnown ? [error.kind, error.code] : (['unavailable', 'unpack_failed'] as const);
  return new MitoError(kind, code, `${why}${advice}`, { cause: error });
}

/**
 * A link where its mode keeps the task from writing to what other tasks read, too; root may write to
 * anything and gets a copy (a cheap one where the file system can share blocks).
 */
async function linkOrCopy(file: string, target: string): Promise<void> {
  if (process.getuid?.() !== 0) {
    try {
      return await link(file, target);
    } catch (error) {
      const isPossible = !(
        error instanceof Error &&
        'code' in error &&
        ['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP'].includes(String(error.code))
      );
      if (isPossible) throw error;
    }
  }
  await copyFile(file, target, constants.COPYFILE_FICLONE);
  await chmod(target, 0o444);
}
