import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerClient } from '@mitosis/client';
import { anySignal, MitoError, type Log } from '@mitosis/domain';
import { errorCode, removeTree, unpackArchive, type PlacedFiles, type Scratch } from '@mitosis/executor';
import type { AttemptLease, ClaimedTask, CodeFile, TaskInput, TaskInputs } from '@mitosis/protocol';
import { layBack } from '../checkpoints/lay-back.js';
import { keepTrying } from '../keep-trying.js';
import { fetchCode } from './fetch-code.js';
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
 * Puts the inputs of an attempt into its resource folder, its code into its working folder, and its checkpoint where
 * it was; returns the files of the code. Faults of the network are waited for, within bounds. Rejects with what is
 * missing, or with the reason of `stop` when that fires.
 */
export async function placeInputs(
  deps: PlaceInputsDeps,
  claim: ClaimedTask,
  scratch: Scratch,
  stop: AbortSignal,
): Promise<PlacedFiles | undefined> {
  if (claim.spec.resources.length === 0 && !claim.spec.code && !claim.has_checkpoint) return undefined;
  const late = new MitoError(
    'unavailable',
    'inputs_timeout',
    `the inputs did not arrive within ${BUDGET_MS / 60_000} minutes`,
  );
  const budget = new AbortController();
  const timer = setTimeout(() => budget.abort(late), BUDGET_MS);
  try {
    return await new Placing(deps, claim, scratch, anySignal([stop, budget.signal])).run();
  } finally {
    clearTimeout(timer);
  }
}

class Placing {
  private readonly lease: AttemptLease;

  constructor(
    private readonly deps: PlaceInputsDeps,
    private readonly claim: ClaimedTask,
    private readonly scratch: Scratch,
    private readonly signal: AbortSignal,
  ) {
    const { task, attempt, lease } = claim;
    this.lease = { task, attempt, lease };
  }

  async run(): Promise<PlacedFiles | undefined> {
    for (let tries = 1; ; tries += 1) {
      try {
        const { inputs, code, checkpoints } = await this.ask();
        for (const input of inputs) await this.place(input);
        const { client, log } = this.deps;
        await layBack({ client, log, limits: UNPACK_LIMITS }, checkpoints, this.scratch, this.signal);
        if (!code) return undefined;
        const { execDir } = this.scratch;
        return await fetchCode(code, execDir, (file, use) => this.usePack(file, use));
      } catch (error) {
        const isReplaced = error instanceof MitoError && REPLACED.has(error.code);
        if (!isReplaced || tries === TRIES) throw error;
        // All inputs come from one and the same moment.
        await this.empty(this.scratch.resourceDir);
        await this.empty(this.scratch.execDir);
        await this.empty(this.scratch.checkpointDir);
      }
    }
  }

  private async empty(dir: string): Promise<void> {
    for (const name of await readdir(dir)) await removeTree(path.join(dir, name));
  }

  /** Packs are kept for later tasks of the group, which have most of them in common. */
  private async usePack(pack: CodeFile, use: (file: string) => Promise<void>): Promise<void> {
    const { stored_sha256: sha256, size_bytes: sizeBytes } = pack;
    const requests = [pack.download];
    const sign = async () => requests.pop() ?? (await this.signPackAgain(pack));
    const fetch = async (file: string, signal: AbortSignal): Promise<void> => {
      const { client, log } = this.deps;
      const download = { sizeBytes, sha256, sign };
      await keepTrying('fetching code', () => client.download(download, file, signal), { log, signal });
    };
    await this.deps.cache.use({ group: this.claim.group, sha256, sizeBytes }, fetch, this.signal, use);
  }

  private async signPackAgain({ sha256 }: CodeFile): Promise<CodeFile['download']> {
    const { code } = await this.deps.client.inputs(this.lease, this.signal);
    const file = code && [code.manifest, ...code.packs].find((candidate) => candidate.sha256 === sha256);
    if (!file) throw new MitoError('conflict', 'input_replaced', `the pack ${sha256} of the code is gone`);
    return file.download;
  }

  private async ask(): Promise<TaskInputs> {
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
    const input = (await this.deps.client.inputs(this.lease, this.signal)).inputs.find(
      (candidate) => candidate.path === place,
    );
    if (input?.sha256 !== sha256) throw new MitoError('conflict', 'input_replaced', `the input ${place} was replaced`);
    return input.download;
  }

  private async putIn({ path: place, unpack }: TaskInput, file: string): Promise<void> {
    const target = path.join(this.scratch.resourceDir, place);
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
