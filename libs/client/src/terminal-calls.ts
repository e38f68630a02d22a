import { randomUUID } from 'node:crypto';
import { MitoError } from '@mitosis/domain';
import {
  operations,
  TYPED_BYTES_MAX,
  type TerminalOpened,
  type TerminalSize,
  type TypeInTerminal,
} from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

export interface OpenTerminalOptions extends CallOptions {
  /** How long to wait for the task to start, at most a minute. */
  readonly waitMs?: number;
  /** Have what fills the screen drawn again. */
  readonly redraw?: boolean;
}

const { tasks } = operations;

/** Time for the worker to answer, besides the wait. */
const ANSWER_MS = 30_000;
/** A coordinator, a worker or a program that is busy is waited for. */
const PATIENCE_MS = 120_000;

/** The terminals of running tasks. What is shown there comes with `followOutput`. */
export class TerminalCalls {
  constructor(private readonly transport: Transport) {}

  /**
   * Gives the terminal of a task a size; returns which attempt runs and how far its output is. Throws
   * `not_running` when the task has not started within `waitMs`, `terminal_ended` and `no_terminal`.
   */
  async open(
    uuid: string,
    size: TerminalSize,
    { waitMs = 0, redraw = false, signal }: OpenTerminalOptions = {},
  ): Promise<TerminalOpened> {
    const body = { ...size, wait_ms: waitMs, redraw };
    const options = { signal, isRepeatable: true, timeoutMs: waitMs + ANSWER_MS, retryMs: PATIENCE_MS };
    return this.transport.call(tasks.openTerminal, { params: { uuid }, body, ...options });
  }

  /** Somebody who begins to type on an attempt. */
  typist(uuid: string, attempt: number, { signal }: CallOptions = {}): Typist {
    const options = { params: { uuid }, signal, isRepeatable: true, retryMs: PATIENCE_MS };
    const send = async (body: TypeInTerminal): Promise<number> =>
      (await this.transport.call(tasks.type, { body, ...options })).taken;
    return new Typist(attempt, send);
  }
}

/** Keys that wait for the terminal; beyond that whoever types has to wait. */
const WAITING_MAX = 1_048_576;

/** Types on one attempt: every byte once and in order, whatever requests and responses are lost. */
export class Typist {
  private readonly session = randomUUID();
  private waiting: Buffer = Buffer.alloc(0);
  private taken = 0;
  private sending: Promise<void> | undefined;

  constructor(
    readonly attempt: number,
    private readonly send: (body: TypeInTerminal) => Promise<number>,
  ) {}

  /** True when more is waiting than anybody types. */
  get isFull(): boolean {
    return this.waiting.length > WAITING_MAX;
  }

  /**
   * Adds `data` to what is typed; resolves when the terminal has taken all of it, and rejects when it
   * can't: with `terminal_ended` or `not_running` when the attempt is over.
   */
  type(data: Uint8Array): Promise<void> {
    this.waiting = Buffer.concat([this.waiting, data]);
    this.sending ??= this.sendWaiting().finally(() => (this.sending = undefined));
    return this.sending;
  }

  private async sendWaiting(): Promise<void> {
    while (this.waiting.length > 0) {
      const piece = this.waiting.subarray(0, TYPED_BYTES_MAX);
      const body = {
        attempt: this.attempt,
        session: this.session,
        offset: this.taken,
        data_base64: piece.toString('base64'),
      };
      const taken = await this.send(body);
      if (taken < this.taken + piece.length)
        throw new MitoError('conflict', 'input_gap', 'the terminal has not taken what was typed');
      this.taken += piece.length;
      this.waiting = this.waiting.subarray(piece.length);
    }
  }
}
