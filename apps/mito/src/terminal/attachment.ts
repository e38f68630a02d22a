import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { MitosisClient, Typist } from '@mitosis/client';
import { anySignal } from '@mitosis/domain';
import { FrameDecoder, type TaskSummary, type TerminalOpened, type TerminalSize } from '@mitosis/protocol';
import { awaitTerminal, hasCode } from './await-terminal.js';
import { DetachKeys } from './detach-keys.js';
import { OwnTerminal, sizeOf } from './own-terminal.js';

export interface AttachmentOptions {
  readonly api: MitosisClient;
  readonly uuid: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly signal: AbortSignal | undefined;
}

/** One person at the terminal of one task: what it shows comes as its output, keys and sizes go there. */
export class Attachment {
  private readonly left = new AbortController();
  private readonly signal: AbortSignal;
  private readonly keys = new DetachKeys();
  private readonly terminal: OwnTerminal;
  private typist: Typist | undefined;
  private isDetached = false;
  private failure: unknown;
  private isWaiting = false;
  private stoodUp = new AbortController();

  constructor(private readonly options: AttachmentOptions) {
    const { stdin, stdout, signal } = options;
    this.signal = signal ? anySignal([signal, this.left.signal]) : this.left.signal;
    this.terminal = new OwnTerminal(stdin, stdout, {
      onKeys: (data) => this.onKeys(data),
      onResize: (size) => this.onResize(size),
    });
  }

  /** Until the task has ended, or the person has left: undefined. `from`: what was shown before is left out. */
  async run(begin: TerminalOpened | undefined, from: TerminalOpened | undefined): Promise<TaskSummary | undefined> {
    this.sitDown(begin?.attempt);
    try {
      return await this.show(from);
    } catch (error) {
      if (this.isDetached) return undefined;
      throw this.failure ?? error;
    } finally {
      this.left.abort();
      this.terminal.release();
    }
  }

  /** Keys that an earlier attempt has not taken are dropped. */
  private sitDown(attempt: number | undefined): void {
    if (attempt !== undefined && attempt === this.typist?.attempt) return;
    const { api, uuid } = this.options;
    this.stoodUp.abort();
    this.stoodUp = new AbortController();
    const signal = anySignal([this.signal, this.stoodUp.signal]);
    this.typist = attempt === undefined ? undefined : api.terminals.typist(uuid, attempt, { signal });
    this.terminal.setDeaf(false);
  }

  private async show(from: TerminalOpened | undefined): Promise<TaskSummary | undefined> {
    const { api, uuid, stdout } = this.options;
    let decoder = new FrameDecoder();
    let shown = from?.attempt;
    for await (const item of api.followOutput(uuid, { signal: this.signal, from })) {
      if (item.type === 'end') return item.task;
      if (shown !== undefined && item.attempt !== shown) {
        decoder = new FrameDecoder();
        this.terminal.remark(`the program was started again: attempt ${item.attempt}`);
        this.sitDown(item.attempt);
        this.onResize(sizeOf(stdout));
      }
      shown = item.attempt;
      for (const { payload } of decoder.push(item.frames)) {
        if (!this.terminal.show(payload)) await once(stdout, 'drain', { signal: this.signal });
      }
    }
    return undefined;
  }

  private onKeys(data: Buffer): void {
    const { typed, isDetached } = this.keys.take(data);
    if (isDetached) {
      this.isDetached = true;
      return this.left.abort();
    }
    const { typist } = this;
    if (typed.length === 0 || !typist) return;
    const taken = typist.type(typed);
    if (typist.isFull) this.terminal.setDeaf(true);
    taken
      .then(() => this.terminal.setDeaf(false))
      .catch((error: unknown) => typist === this.typist && this.onRefused(error));
  }

  private onResize(size: TerminalSize): void {
    const { api, uuid } = this.options;
    api.terminals.open(uuid, size, { signal: this.signal }).catch((error: unknown) => this.onRefused(error));
  }

  /** The attempt is over: the next one is waited for, and keys go nowhere. Anything else ends it all. */
  private onRefused(error: unknown): void {
    if (this.signal.aborted) return;
    if (hasCode(error, 'terminal_ended', 'not_running')) this.awaitNext();
    else this.fail(error);
  }

  private awaitNext(): void {
    const { api, uuid, stdout } = this.options;
    this.sitDown(undefined);
    if (this.isWaiting) return;
    this.isWaiting = true;
    const onWait = (): void =>
      this.terminal.remark('the program runs no more; waiting for it to be started again, ctrl-p ctrl-q leaves');
    awaitTerminal(api, uuid, sizeOf(stdout), { signal: this.signal, onWait })
      .then((place) => this.sitDown(place?.attempt))
      .catch((failure: unknown) => this.fail(failure))
      .finally(() => (this.isWaiting = false));
  }

  private fail(error: unknown): void {
    if (this.signal.aborted) return;
    this.failure = error;
    this.left.abort();
  }
}
