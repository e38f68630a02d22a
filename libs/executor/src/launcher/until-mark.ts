import { Transform, type TransformCallback } from 'node:stream';

/** Passes bytes on, once it is armed only those before `mark`: there it ends. */
export class UntilMark extends Transform {
  #isArmed = false;
  #isOver = false;
  /** The beginning of what may be the mark. */
  #held = Buffer.alloc(0);

  constructor(private readonly mark: Buffer) {
    super();
  }

  /** To be called before the mark is sent. */
  arm(): void {
    this.#isArmed = true;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#isOver) return done();
    if (!this.#isArmed) return done(null, chunk);
    const bytes = Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.mark);
    if (at >= 0) {
      this.#isOver = true;
      if (at > 0) this.push(bytes.subarray(0, at));
      this.push(null);
      return done();
    }
    const safe = Math.max(bytes.length - this.mark.length + 1, 0);
    this.#held = bytes.subarray(safe);
    done(null, bytes.subarray(0, safe));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#isOver ? null : this.#held);
  }
}
