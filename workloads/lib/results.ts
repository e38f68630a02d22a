// Reads the results of the subtasks from stdin, in their order: each has its length before it, as
// four bytes, the most significant one first.

import { EXIT_BAD_INPUT, fail, readBytes } from './program';

const HEADER = memory.data(4, 4);

export class Results {
  /** How many have been read. */
  count: i32 = 0;
  private leftBytes: i32 = 0;

  /** Continues to the next result, and returns its length; -1 when there is none. */
  next(): i32 {
    if (this.leftBytes > 0) this.refuse('has more bytes than it should');
    const length = readBytes(HEADER, 4);
    if (length === 0) return -1;
    this.count++;
    if (length < 4) this.refuse('is cut');
    const size = bswap<u32>(load<u32>(HEADER));
    if (size > <u32>i32.MAX_VALUE) this.refuse('is too large');
    this.leftBytes = <i32>size;
    return this.leftBytes;
  }

  /** Reads exactly `length` bytes of the current result. */
  read(address: usize, length: i32): void {
    if (length > this.leftBytes) this.refuse('has fewer bytes than it should');
    if (readBytes(address, length) < length) this.refuse('is cut');
    this.leftBytes -= length;
  }

  /** Ends the program because of the current result. */
  refuse(message: string): void {
    fail(EXIT_BAD_INPUT, 'stdin: result ' + this.count.toString() + ' ' + message);
  }
}
