import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import path from 'node:path';
import { MitoError, storableSentence, type Log } from '@mitosis/domain';
import {
  DONE_NAME,
  errorCode,
  folderState,
  packMoment,
  type ExecutionResult,
  type PackedFolder,
  type Scratch,
} from '@mitosis/executor';
import {
  NOTE_MAX,
  type ClaimedTask,
  type LostProduct,
  type StoreCheckpoint,
  type UploadRequest,
} from '@mitosis/protocol';

export interface CheckpointKeeperDeps {
  readonly log: Log;
  upload(request: UploadRequest, file: string, signal: AbortSignal): Promise<void>;
  /** Makes an upload the newest checkpoint of the task. */
  store(checkpoint: StoreCheckpoint, signal: AbortSignal): Promise<void>;
}

/** What the owner of a task has to know about its checkpoints. */
export interface KeptCheckpoints {
  readonly notes: string[];
  readonly lost: LostProduct[];
}

/** Looks for a moment at which the folder is whole, before the next interval is waited for. */
const TRIES = 40;
/** A program that was killed may have been writing what it changed so shortly before. */
const TORN_MS = 500;
const ADVICE = `rename files into place, or write ${DONE_NAME} when they are whole`;
/** The longest interval that Node keeps. */
const TIMER_MAX_MS = 2_147_483_647;

/**
 * Stores the checkpoint folder of one attempt: now and then while its program runs, and once its processes are gone.
 * A state is stored only when it is all of one moment. What could not be stored is told, and ends nothing.
 */
export class CheckpointKeeper {
  private readonly leaving = new AbortController();
  private readonly notes = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private isBusy = false;
  private isMarked: boolean;
  private number = 0;
  private lastSha256 = '';
  /** What the archive of the newest state does not have. */
  private leftOut: PackedFolder['skipped'] = [];

  constructor(
    private readonly deps: CheckpointKeeperDeps,
    private readonly claim: ClaimedTask,
    private readonly scratch: Scratch,
  ) {
    // What was laid back tells how the program marks a whole state, which it may undo at once.
    this.isMarked = this.hasMark();
  }

  /** The program runs. */
  start(): void {
    const { checkpoint_every_ms: everyMs } = this.claim.spec;
    if (everyMs !== undefined) this.timer = setInterval(() => this.storeSoon(), Math.min(everyMs, TIMER_MAX_MS));
  }

  /** Stores the folder as soon as it is whole, unless that is being tried. */
  storeSoon(): void {
    if (this.isBusy || this.leaving.signal.aborted) return;
    this.isBusy = true;
    this.work = this.tryOften()
      .catch((error: unknown) => this.failed(error))
      .finally(() => (this.isBusy = false));
  }

  /** The processes are gone: no more states while it runs. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.leaving.abort();
    await this.work;
  }

  /** Stores the last state; returns what its owner has to know about this and the earlier ones. */
  async finish(result: ExecutionResult, signal: AbortSignal): Promise<KeptCheckpoints> {
    let lost: LostProduct[] = [];
    try {
      const why = this.isEmpty() ? undefined : await this.storeLast(result, signal);
      if (why !== undefined) lost = [{ kind: 'checkpoint', why: storableSentence(why, NOTE_MAX) }];
    } catch (error) {
      this.deps.log.warn({ err: error, task: this.claim.task }, 'the last checkpoint of a task was not stored');
      lost = [{ kind: 'checkpoint', why: storableSentence(reasonOf(error), NOTE_MAX) }];
    }
    return { notes: [...this.notes, ...leftOutNotes(this.leftOut)], lost };
  }

  private isEmpty(): boolean {
    try {
      return readdirSync(this.scratch.checkpointDir).length === 0;
    } catch {
      // Whoever removed the folder has no state there; one that can't be read is told by what comes next.
      return false;
    }
  }

  private async tryOften(): Promise<void> {
    const { signal } = this.leaving;
    let why = '';
    for (let tries = 0; tries < TRIES && !signal.aborted; tries += 1) {
      const objection = await this.tryOnce({ signal });
      if (objection === undefined) return;
      why = objection;
    }
    if (signal.aborted) return;
    this.note(`A checkpoint was not stored while the task ran: ${why}. To let it be stored, ${ADVICE}`);
  }

  private async storeLast(result: ExecutionResult, signal: AbortSignal): Promise<string | undefined> {
    if (result.hasLeftovers) return 'some of its processes would not end, and may be writing to it';
    this.isMarked ||= this.hasMark();
    if (!this.isMarked && result.signal !== null && (await this.ageMs()) < TORN_MS)
      return `${result.signal} ended the program while it was writing; ${ADVICE}`;
    return this.tryOnce({ signal, isAtRest: true });
  }

  /** Returns why the folder could not be stored as it was at one moment. */
  private async tryOnce({
    signal,
    isAtRest,
  }: {
    signal: AbortSignal;
    isAtRest?: boolean;
  }): Promise<string | undefined> {
    const { checkpointDir, dir } = this.scratch;
    if (!(await lstat(checkpointDir)).isDirectory()) return 'the task replaced its folder';
    this.isMarked ||= this.hasMark();
    const file = path.join(dir, `checkpoint-${randomUUID()}.tar.gz`);
    try {
      const moment = await packMoment(checkpointDir, file, {
        isMarked: this.isMarked,
        ...(isAtRest && { isAtRest }),
        signal,
      });
      if (moment.kind === 'objection') return moment.why;
      if (moment.kind === 'packed') await this.send(file, moment.packed, signal);
      return undefined;
    } finally {
      await rm(file, { force: true });
    }
  }

  private async send(file: string, { sizeBytes, sha256, skipped }: PackedFolder, signal: AbortSignal): Promise<void> {
    if (sha256 === this.lastSha256) return;
    const { task, attempt, lease } = this.claim;
    const number = (this.number += 1);
    const request = { task, attempt, lease, kind: 'checkpoint' as const, number, size_bytes: sizeBytes, sha256 };
    await this.deps.upload(request, file, signal);
    await this.deps.store({ task, attempt, lease, number }, signal);
    this.lastSha256 = sha256;
    this.leftOut = skipped;
  }

  /** Without a walk through the folder, which may have many files. */
  private hasMark(): boolean {
    return existsSync(path.join(this.scratch.checkpointDir, DONE_NAME));
  }

  /** How long ago the last change was, on the clock of the file system. */
  private async ageMs(): Promise<number> {
    const times = [...(await folderState(this.scratch.checkpointDir)).values()].flatMap((state) => {
      const changedNs = state.split(' ').at(3);
      return changedNs === undefined ? [] : [Number(BigInt(changedNs) / 1_000_000n)];
    });
    return Date.now() - Math.max(0, ...times);
  }

  private failed(error: unknown): void {
    if (this.leaving.signal.aborted) return;
    this.deps.log.warn({ err: error, task: this.claim.task }, 'a checkpoint was not stored');
    this.note(`A checkpoint was not stored while the task ran: ${reasonOf(error)}`);
  }

  private note(text: string): void {
    this.notes.add(storableSentence(text, NOTE_MAX));
  }
}

function leftOutNotes([first, ...more]: PackedFolder['skipped']): string[] {
  if (!first) return [];
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  return [storableSentence(`The newest checkpoint leaves out ${first.path}: ${first.why}${others}`, NOTE_MAX)];
}

function reasonOf(error: unknown): string {
  return error instanceof MitoError ? error.message : errorCode(error);
}
