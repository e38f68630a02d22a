import { createHash } from 'node:crypto';
import { invalidField } from '@mitosis/domain';
import { objectTooLarge, sizeMismatch } from './object-errors.js';

/** What a body may have: at most `limitBytes`, exactly `sizeBytes`. */
export interface BodyBounds {
  readonly limitBytes?: number;
  readonly sizeBytes?: number;
}

/** Counts, hashes and bounds a body while it passes; breaks it off with an error where a bound is crossed. */
export class MeteredBody {
  private readonly hash = createHash('sha256');
  private count = 0;

  constructor(
    private readonly source: AsyncIterable<unknown> | Uint8Array,
    private readonly bounds: BodyBounds,
  ) {}

  get sizeBytes(): number {
    return this.count;
  }

  /** To be asked once, after the body has been read. */
  sha256(): string {
    return this.hash.digest('hex');
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = this.source instanceof Uint8Array ? [this.source] : this.source;
    for await (const chunk of chunks) {
      const bytes = toBytes(chunk);
      this.count += bytes.byteLength;
      this.refuseExcess();
      this.hash.update(bytes);
      if (bytes.byteLength > 0) yield bytes;
    }
    const { sizeBytes } = this.bounds;
    if (sizeBytes !== undefined && this.count !== sizeBytes) throw sizeMismatch(sizeBytes, this.count);
  }

  private refuseExcess(): void {
    const limitBytes = Math.min(this.bounds.limitBytes ?? Infinity, this.bounds.sizeBytes ?? Infinity);
    if (this.count > limitBytes) throw objectTooLarge(limitBytes);
  }
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw invalidField('body', 'must be a stream of bytes');
}
