// Cuts a rectangle into tiles, and puts it together again band by band: a band is a row of tiles.

import { Params } from './params';
import { writeBytes } from './program';
import { Results } from './results';

const DEFAULT_TILE_SIZE: i64 = 256;
const MAGIC: u32 = 0x4c49544d; // MTIL
const HEADER_BYTES = 32;
const HEADER = memory.data(32, 8);

function tileCount(width: i64, height: i64, size: i64): i64 {
  return ((width + size - 1) / size) * ((height + size - 1) / size);
}

/** The tile size asked for, or one that makes few enough tiles; at most `max`. */
export function tileSize(params: Params, width: i64, height: i64, max: i64): i64 {
  const most = params.maxSubtasks();
  if (params.has('tile_size')) {
    const size = params.int('tile_size', 1, max);
    const count = tileCount(width, height, size);
    if (count > most) {
      params.refuse('tile_size', 'it makes ' + count.toString() + ' subtasks, max_subtasks is ' + most.toString());
    }
    return size;
  }
  let size = min(DEFAULT_TILE_SIZE, max);
  while (tileCount(width, height, size) > most && size < max) size = min(size * 2, max);
  if (tileCount(width, height, size) > most) {
    params.refuse('max_subtasks', 'at least ' + tileCount(width, height, max).toString() + ' are needed');
  }
  return size;
}

/** Where a tile lies in which rectangle. */
export class Tile {
  constructor(
    public width: i32,
    public height: i32,
    public x: i32,
    public y: i32,
    public columns: i32,
    public rows: i32,
  ) {}

  /** Writes the header that begins a tile's result: eight little-endian words of 32 bits. */
  writeHeader(elementBytes: i32): void {
    store<u32>(HEADER, MAGIC);
    store<u32>(HEADER, elementBytes, 4);
    store<u32>(HEADER, this.width, 8);
    store<u32>(HEADER, this.height, 12);
    store<u32>(HEADER, this.x, 16);
    store<u32>(HEADER, this.y, 20);
    store<u32>(HEADER, this.columns, 24);
    store<u32>(HEADER, this.rows, 28);
    writeBytes(HEADER, HEADER_BYTES);
  }
}

/** Reads tiles in their order and hands out complete bands, so that memory holds one band only. */
export class Bands {
  width: i32 = 0;
  height: i32 = 0;
  /** Where the current band lies, and how many rows it has. */
  address: usize = 0;
  rows: i32 = 0;
  private nextRow: i32 = 0;
  private readonly results: Results = new Results();

  constructor(private readonly elementBytes: i32) {}

  /** Reads the next band; false after the last one. */
  next(): bool {
    if (this.width > 0 && this.nextRow === this.height) {
      if (this.results.next() >= 0) this.results.refuse('is one too many');
      return false;
    }
    for (let x = 0; x === 0 || x < this.width; ) x += this.readTile(x);
    this.nextRow += this.rows;
    return true;
  }

  private readTile(x: i32): i32 {
    const length = this.results.next();
    if (length < 0) this.results.refuse('is the last one, but tiles are missing');
    this.results.read(HEADER, HEADER_BYTES);
    if (load<u32>(HEADER) !== MAGIC || load<i32>(HEADER, 4) !== this.elementBytes) this.results.refuse('is not a tile');
    if (this.width === 0) {
      this.width = load<i32>(HEADER, 8);
      this.height = load<i32>(HEADER, 12);
    }
    const columns = load<i32>(HEADER, 24);
    const rows = load<i32>(HEADER, 28);
    if (x === 0) this.begin(rows);
    const isNext = load<i32>(HEADER, 8) === this.width && load<i32>(HEADER, 12) === this.height;
    const isHere = load<i32>(HEADER, 16) === x && load<i32>(HEADER, 20) === this.nextRow && rows === this.rows;
    if (!isNext || !isHere || columns < 1 || columns > this.width - x) this.results.refuse('is not the next tile');
    for (let row = 0; row < rows; row++) {
      const at = this.address + (<usize>row * this.width + x) * this.elementBytes;
      this.results.read(at, columns * this.elementBytes);
    }
    return columns;
  }

  private begin(rows: i32): void {
    if (this.width < 1 || rows < 1 || rows > this.height - this.nextRow) this.results.refuse('is not the next tile');
    if (rows > this.rows) {
      if (this.address !== 0) heap.free(this.address);
      this.address = heap.alloc(<usize>rows * this.width * this.elementBytes);
    }
    this.rows = rows;
  }
}
