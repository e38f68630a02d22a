import type { Socket } from 'node:net';

/** Beyond this many bytes on the way the source is paused. */
const IN_FLIGHT_MAX_BYTES = 1024 * 1024;

interface Parcel {
  readonly dueAt: number;
  /** `end` is the source's end of stream. */
  readonly chunk: Buffer | 'end';
}

/** Carries bytes and the end of stream from one socket to another, in order, each `delayMs` later. */
export class DelayedPipe {
  #delayMs = 0;
  #intercept: (() => void) | undefined;
  #swallowing = false;
  #queue: Parcel[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
  ) {
    source.on('data', (chunk) => this.#take(chunk));
    source.on('end', () => this.#take('end'));
    sink.on('drain', () => this.#regulate());
    source.resume();
  }

  /** From the next chunk on: this delay; `intercept`, when given, is called instead of passing bytes on. */
  set(delayMs: number, intercept: (() => void) | undefined): void {
    this.#delayMs = delayMs;
    this.#intercept = intercept;
  }

  /** Everything that arrives is lost from now on, what is on the way included. */
  swallow(): void {
    this.#swallowing = true;
    this.stop();
    this.source.resume();
  }

  /** Forgets what is on the way. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #take(chunk: Buffer | 'end'): void {
    if (this.#swallowing) return;
    if (chunk !== 'end' && this.#intercept !== undefined) return this.#intercept();
    if (this.#delayMs === 0 && this.#queue.length === 0) return this.#deliver(chunk);
    // A shorter delay than before must not let a chunk overtake the one before it.
    const dueAt = Math.max(performance.now() + this.#delayMs, this.#queue.at(-1)?.dueAt ?? 0);
    this.#queue.push({ dueAt, chunk });
    if (chunk !== 'end') this.#queuedBytes += chunk.length;
    this.#regulate();
    this.#arm();
  }

  #arm(): void {
    const [first] = this.#queue;
    if (this.#timer !== undefined || first === undefined) return;
    this.#timer = setTimeout(() => this.#deliverDue(), Math.max(0, first.dueAt - performance.now()));
  }

  #deliverDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    while (this.#queue[0] !== undefined && this.#queue[0].dueAt <= now) {
      const { chunk } = this.#queue.shift() as Parcel;
      if (chunk !== 'end') this.#queuedBytes -= chunk.length;
      this.#deliver(chunk);
    }
    this.#regulate();
    this.#arm();
  }

  #deliver(chunk: Buffer | 'end'): void {
    if (!this.sink.writable) return;
    if (chunk === 'end') this.sink.end();
    else if (!this.sink.write(chunk)) this.source.pause();
  }

  #regulate(): void {
    if (this.#swallowing) return;
    if (this.sink.writableNeedDrain || this.#queuedBytes > IN_FLIGHT_MAX_BYTES) this.source.pause();
    else this.source.resume();
  }
}
