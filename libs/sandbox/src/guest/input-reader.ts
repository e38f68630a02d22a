/** Fetches up to `length` bytes of a source from `offset`; empty at its end. */
export type Fetch = (source: number, offset: number, length: number) => Uint8Array;

const BLOCK_BYTES = 262_144;
const BLOCKS_MAX = 8;

interface Block {
  readonly source: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Reads the inputs in blocks, and keeps a few of them: small reads cost no round trip. */
export class InputReader {
  #blocks: Block[] = [];

  constructor(private readonly fetch: Fetch) {}

  /** Makes the first bytes of a source known, and all of it when `isWhole`. */
  preload(source: number, bytes: Uint8Array, isWhole: boolean): void {
    this.#keep({ source, offset: 0, bytes });
    if (isWhole) this.#keep({ source, offset: bytes.length, bytes: new Uint8Array(0) });
  }

  /** Fills `target` from `offset` as far as one block goes; 0 means the end. */
  read(source: number, offset: number, target: Uint8Array): number {
    if (target.length === 0) return 0;
    const block = this.#find(source, offset) ?? this.#load(source, offset);
    const start = offset - block.offset;
    const part = block.bytes.subarray(start, start + target.length);
    target.set(part);
    return part.length;
  }

  #find(source: number, offset: number): Block | undefined {
    return this.#blocks.find(
      (block) => block.source === source && (offset === block.offset || isInside(block, offset)),
    );
  }

  #load(source: number, offset: number): Block {
    const block = { source, offset, bytes: this.fetch(source, offset, BLOCK_BYTES) };
    this.#keep(block);
    return block;
  }

  #keep(block: Block): void {
    this.#blocks = [block, ...this.#blocks].slice(0, BLOCKS_MAX);
  }
}

function isInside(block: Block, offset: number): boolean {
  return offset >= block.offset && offset < block.offset + block.bytes.length;
}
