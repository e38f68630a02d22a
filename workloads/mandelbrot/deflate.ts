// Deflate (RFC 1951) with the fixed Huffman codes, and matches found through one hash table.

const SEGMENT_BYTES = 65536;
const WINDOW_BYTES = 32768;
const MATCH_MIN = 4;
const MATCH_MAX = 258;
const HASH_BITS = 15;
const HEADS = memory.data(131072, 4);
const OUTPUT_BYTES = 81920;

/** Compresses one stream in segments of at most 64 KiB, each for itself. */
export class Deflater {
  static readonly SEGMENT: i32 = SEGMENT_BYTES;
  /** The output of the last segment. */
  readonly output: usize = heap.alloc(OUTPUT_BYTES);
  length: i32 = 0;
  private bits: u64 = 0;
  private bitCount: i32 = 0;

  /** Compresses a segment; the last one also fills its last byte. */
  segment(input: usize, size: i32, isLast: bool): void {
    this.length = 0;
    this.put(isLast ? 0b011 : 0b010, 3);
    memory.fill(HEADS, 0xff, 4 << HASH_BITS);
    let at = 0;
    while (at < size) {
      const match = size - at >= MATCH_MIN ? this.findMatch(input, at, size) : 0;
      if (match === 0) this.putSymbol(load<u8>(input + at++));
      else at += match;
    }
    this.putSymbol(256);
    if (isLast) this.put(0, (8 - (this.bitCount & 7)) & 7);
  }

  /** Writes a match and returns its length, or 0. */
  private findMatch(input: usize, at: i32, size: i32): i32 {
    const word = load<u32>(input + at);
    const slot = HEADS + (<usize>((word * 2654435761) >>> (32 - HASH_BITS)) << 2);
    const before = load<i32>(slot);
    store<i32>(slot, at);
    if (before < 0 || at - before > WINDOW_BYTES || load<u32>(input + before) !== word) return 0;
    const most = min(MATCH_MAX, size - at);
    let length = MATCH_MIN;
    while (length < most && load<u8>(input + before + length) === load<u8>(input + at + length)) length++;
    this.putLength(length);
    this.putDistance(at - before);
    return length;
  }

  /** Lengths 3 to 258 as symbols 257 to 285: four symbols for each number of extra bits. */
  private putLength(length: i32): void {
    if (length === 258) return this.putSymbol(285);
    const offset = length - 3;
    if (offset < 8) return this.putSymbol(257 + offset);
    const extra = 29 - clz(offset);
    this.putSymbol(257 + (extra << 2) + (offset >> extra));
    this.put(offset & ((1 << extra) - 1), extra);
  }

  /** Distances as codes of five bits: two codes for each number of extra bits. */
  private putDistance(distance: i32): void {
    const offset = distance - 1;
    const extra = offset < 4 ? 0 : 30 - clz(offset);
    const code = offset < 4 ? offset : (extra << 1) + (offset >> extra);
    this.putReversed(code, 5);
    this.put(offset & ((1 << extra) - 1), extra);
  }

  private putSymbol(symbol: i32): void {
    if (symbol < 144) this.putReversed(0x30 + symbol, 8);
    else if (symbol < 256) this.putReversed(0x190 + symbol - 144, 9);
    else if (symbol < 280) this.putReversed(symbol - 256, 7);
    else this.putReversed(0xc0 + symbol - 280, 8);
  }

  /** Huffman codes begin with their most significant bit, all else with its least. */
  private putReversed(code: i32, count: i32): void {
    let reversed = 0;
    for (let index = 0; index < count; index++) reversed |= ((code >> index) & 1) << (count - 1 - index);
    this.put(reversed, count);
  }

  private put(value: i32, count: i32): void {
    this.bits |= <u64>value << this.bitCount;
    this.bitCount += count;
    while (this.bitCount >= 8) {
      store<u8>(this.output + this.length++, <u8>this.bits);
      this.bits >>= 8;
      this.bitCount -= 8;
    }
  }
}
