// The product of two seeded random matrices, tile by tile.

import { runCommand } from '../lib/command';
import { crc32 } from '../lib/crc32';
import { JsonLine } from '../lib/json';
import { Params } from '../lib/params';
import { print, printError, writeBytes } from '../lib/program';
import { Bands, Tile, tileSize } from '../lib/tiles';
import { Product } from './product';

const SIZE_MAX: i64 = 16384;
const TILE_MAX: i64 = 1024;
/** A band has to fit into the memory of `reduce`. */
const BAND_ELEMENTS_MAX: i64 = 4194304;

function split(json: string): void {
  const params = new Params(json, 'PARAMS_JSON', ['matrix_size', 'size', 'tile_size', 'seed', 'max_subtasks']);
  if (params.has('size') && params.has('matrix_size')) params.refuse('size', 'it is another name of matrix_size');
  const size = params.int(params.has('size') ? 'size' : 'matrix_size', 1, SIZE_MAX);
  const tile = tileSize(params, size, size, min(TILE_MAX, BAND_ELEMENTS_MAX / size));
  const seed = params.seed();
  for (let row: i64 = 0; row < size; row += tile) {
    for (let column: i64 = 0; column < size; column += tile) {
      const line = new JsonLine().int('matrix_size', size).int('seed', seed).int('row', row).int('column', column);
      print(line.int('rows', min(tile, size - row)).int('columns', min(tile, size - column)).toString());
    }
  }
}

function map(json: string): void {
  const params = new Params(json, 'stdin', ['matrix_size', 'seed', 'row', 'column', 'rows', 'columns']);
  const size = params.int('matrix_size', 1, SIZE_MAX);
  const row = params.int('row', 0, size - 1);
  const column = params.int('column', 0, size - 1);
  const rows = <i32>params.int('rows', 1, min(TILE_MAX, size - row));
  const columns = <i32>params.int('columns', 1, min(TILE_MAX, size - column));
  const product = new Product(params.seed(), <i32>size, rows, columns);
  product.compute(<i32>row, <i32>column);
  new Tile(<i32>size, <i32>size, <i32>column, <i32>row, columns, rows).writeHeader(8);
  for (let i = 0; i < rows; i++) writeBytes(product.address + i * product.stride, columns * 8);
}

/** The header of NumPy's format 1.0 for a matrix of little-endian doubles, row by row. */
function npyHeader(size: i32): string {
  const shape = size.toString();
  const text = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + ', ' + shape + '), }';
  return text.padEnd(117) + '\n';
}

function writeNpyHeader(size: i32): void {
  const magic = memory.data<u8>([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  writeBytes(magic, 10);
  print(npyHeader(size));
}

function reduce(): void {
  const bands = new Bands(8);
  let trace: f64 = 0;
  let sum: f64 = 0;
  let crc: u32 = 0;
  let row = 0;
  while (bands.next()) {
    if (row === 0) writeNpyHeader(bands.width);
    const elements = bands.rows * bands.width;
    for (let index = 0; index < elements; index++) sum += load<f64>(bands.address + (<usize>index << 3));
    for (let i = 0; i < bands.rows; i++) {
      trace += load<f64>(bands.address + ((<usize>i * bands.width + row + i) << 3));
    }
    crc = crc32(crc, bands.address, elements * 8);
    writeBytes(bands.address, elements * 8);
    row += bands.rows;
  }
  const summary = new JsonLine().int('matrix_size', row).float('trace', trace).float('sum', sum);
  printError(summary.text('crc32', crc.toString(16).padStart(8, '0')).toString().trimEnd());
}

runCommand(split, map, reduce);
