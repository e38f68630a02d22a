// Writes a PNG with a palette of 256 colours to stdout (W3C "Portable Network Graphics", 2003).

import { crc32 } from '../lib/crc32';
import { writeBytes } from '../lib/program';
import { Deflater } from './deflate';

const SIGNATURE = memory.data<u8>([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const IHDR: u32 = 0x49484452;
const PLTE: u32 = 0x504c5445;
const IDAT: u32 = 0x49444154;
const IEND: u32 = 0x49454e44;
const WORD = memory.data(8, 4);
const HEADER = memory.data(13, 4);
const ADLER_BASE: u32 = 65521;
/** As many bytes can be summed before the sums could pass 32 bits (as in zlib). */
const ADLER_RUN = 5552;

function writeWord(value: u32): void {
  store<u32>(WORD, bswap<u32>(value));
  writeBytes(WORD, 4);
}

function writeChunk(type: u32, address: usize, length: i32): void {
  writeWord(length);
  writeWord(type);
  const crc = crc32(0, WORD, 4);
  writeBytes(address, length);
  writeWord(crc32(crc, address, length));
}

export class PngWriter {
  private readonly deflater: Deflater = new Deflater();
  private readonly segment: usize = heap.alloc(Deflater.SEGMENT);
  private used: i32 = 0;
  private low: u32 = 1;
  private high: u32 = 0;

  /** Writes all that comes before the image; `palette` has 768 bytes. */
  begin(width: i32, height: i32, palette: usize): void {
    writeBytes(SIGNATURE, 8);
    store<u32>(HEADER, bswap<u32>(width));
    store<u32>(HEADER, bswap<u32>(height), 4);
    store<u8>(HEADER, 8, 8); // bits per pixel
    store<u8>(HEADER, 3, 9); // indexed colour
    memory.fill(HEADER + 10, 0, 3);
    writeChunk(IHDR, HEADER, 13);
    writeChunk(PLTE, palette, 768);
    writeZlibHeader();
  }

  /** Adds one row of pixels, unfiltered. */
  row(address: usize, width: i32): void {
    store<u8>(HEADER, 0);
    this.add(HEADER, 1);
    this.add(address, width);
  }

  end(): void {
    this.flush(true);
    store<u32>(HEADER, bswap<u32>((this.high << 16) | this.low));
    writeChunk(IDAT, HEADER, 4);
    writeChunk(IEND, HEADER, 0);
  }

  private add(address: usize, length: i32): void {
    this.sum(address, length);
    while (length > 0) {
      const count = min(length, Deflater.SEGMENT - this.used);
      memory.copy(this.segment + this.used, address, count);
      this.used += count;
      address += count;
      length -= count;
      if (this.used === Deflater.SEGMENT) this.flush(false);
    }
  }

  private flush(isLast: bool): void {
    this.deflater.segment(this.segment, this.used, isLast);
    writeChunk(IDAT, this.deflater.output, this.deflater.length);
    this.used = 0;
  }

  private sum(address: usize, length: i32): void {
    while (length > 0) {
      const count = min(length, ADLER_RUN);
      for (let index = 0; index < count; index++) {
        this.low += load<u8>(address + index);
        this.high += this.low;
      }
      this.low %= ADLER_BASE;
      this.high %= ADLER_BASE;
      address += count;
      length -= count;
    }
  }
}

/** Deflate with a window of 32 KiB, made by the fastest method. */
function writeZlibHeader(): void {
  store<u8>(HEADER, 0x78);
  store<u8>(HEADER, 0x01, 1);
  writeChunk(IDAT, HEADER, 2);
}
