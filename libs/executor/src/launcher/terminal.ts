import { randomBytes } from 'node:crypto';
import { close as closeCallback, closeSync, constants, openSync, write as writeCallback } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TerminalSize } from '../execution.js';
import { isErrno } from '../system-error.js';
import { UntilMark } from './until-mark.js';

const write = promisify(writeCallback);
const close = promisify(closeCallback);

/** Before a terminal whose program does not read is tried again. */
const FULL_MS = 20;

export interface TerminalEnds {
  /** Non-blocking; read through `source` only. */
  readonly masterFd: number;
  readonly source: Readable;
  /** What the program has open. */
  readonly path: string;
  readonly resize: (size: TerminalSize) => void;
}

/**
 * The launcher's side of a pseudo terminal. What a program printed last is lost on Node 20 when the
 * program's side is closed before it was read: it is held open here until the end of the output. That
 * end is told by a mark: when no process is left it is printed last, and everything came before it.
 */
export class Terminal {
  readonly output: Readable;
  readonly #untilMark: UntilMark;
  readonly #holdFd: number;
  readonly #mark = randomBytes(16).toString('hex');
  #written: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(private readonly ends: TerminalEnds) {
    this.#holdFd = openSync(ends.path, constants.O_RDWR | constants.O_NOCTTY);
    this.#untilMark = new UntilMark(Buffer.from(this.#mark));
    // How it ends, the reader of `output` is told as well.
    this.output = pipeline(ends.source, this.#untilMark, () => undefined);
  }

  resize(size: TerminalSize): void {
    if (!this.#isOver) this.ends.resize(size);
  }

  /** Types `data`, after what was typed before. Returns false when the program ended before it was taken. */
  type(data: Uint8Array): Promise<boolean> {
    const typed = this.#written.then(() => this.#type(data));
    this.#written = typed.then(() => undefined);
    return typed;
  }

  /**
   * No process is left: `output` ends with what was printed so far. The program's side stays open until
   * that was read, or the reader has given up: closed before, the last kilobytes are lost on a busy machine.
   */
  async finish(): Promise<void> {
    this.#isOver = true;
    await this.#written;
    this.#untilMark.arm();
    try {
      await write(this.#holdFd, this.#mark);
    } catch (error) {
      // The reader has given up on a terminal that was stopped (Ctrl-S) and takes nothing.
      if (!isErrno(error, 'EIO')) throw error;
    }
    // How it ended is told to whoever reads it.
    await finished(this.output, { writable: false }).catch(() => undefined);
    await close(this.#holdFd);
  }

  /** For a program that was not started. */
  abandon(): void {
    this.#isOver = true;
    this.output.destroy();
    closeSync(this.#holdFd);
  }

  /** Never blocks: a program that does not read must hold up no other. */
  async #type(data: Uint8Array): Promise<boolean> {
    for (let at = 0; at < data.length;) {
      if (this.#isOver || this.output.destroyed) return false;
      try {
        at += (await write(this.ends.masterFd, data, at, data.length - at)).bytesWritten;
      } catch (error) {
        if (!isErrno(error, 'EAGAIN')) throw error;
        await delay(FULL_MS);
      }
    }
    return true;
  }
}
