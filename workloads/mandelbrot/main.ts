// The Mandelbrot set as a PNG, tile by tile.

import { runCommand } from '../lib/command';
import { JsonLine } from '../lib/json';
import { Params } from '../lib/params';
import { print, writeBytes } from '../lib/program';
import { Bands, Tile, tileSize } from '../lib/tiles';
import { colourRow } from './iterate';
import { storePalette } from './palette';
import { PngWriter } from './png';

const SIDE_MAX: i64 = 65536;
const TILE_MAX: i64 = 4096;
const ITERATIONS_MAX: i64 = 10000000;
/** A band has to fit into the memory of `reduce`. */
const BAND_PIXELS_MAX: i64 = 33554432;

const REGION = ['x_min', 'x_max', 'y_min', 'y_max'];

/** The part of the plane that is drawn; without `y_min` and `y_max` its pixels are square. */
class Region {
  xMin: f64;
  xMax: f64;
  yMin: f64;
  yMax: f64;

  constructor(params: Params, width: i64, height: i64) {
    this.xMin = params.floatOr('x_min', -2.5);
    this.xMax = params.floatOr('x_max', 1.0);
    if (!(this.xMin < this.xMax)) params.refuse('x_min', 'it has to be less than x_max');
    const half = ((this.xMax - this.xMin) * <f64>height) / <f64>width / 2.0;
    if (params.has('y_min') !== params.has('y_max')) params.refuse('y_min', 'y_min and y_max go together');
    this.yMin = params.floatOr('y_min', -half);
    this.yMax = params.floatOr('y_max', half);
    if (!(this.yMin < this.yMax)) params.refuse('y_min', 'it has to be less than y_max');
  }

  addTo(line: JsonLine): JsonLine {
    return line.float('x_min', this.xMin).float('x_max', this.xMax).float('y_min', this.yMin).float('y_max', this.yMax);
  }
}

function split(json: string): void {
  const names = ['width', 'height', 'max_iterations', 'tile_size', 'max_subtasks'].concat(REGION);
  const params = new Params(json, 'PARAMS_JSON', names);
  const width = params.int('width', 1, SIDE_MAX);
  const height = params.int('height', 1, SIDE_MAX);
  const iterations = params.intOr('max_iterations', 1000, 1, ITERATIONS_MAX);
  const tile = tileSize(params, width, height, min(TILE_MAX, BAND_PIXELS_MAX / width));
  const region = new Region(params, width, height);
  for (let y: i64 = 0; y < height; y += tile) {
    for (let x: i64 = 0; x < width; x += tile) {
      const line = new JsonLine().int('width', width).int('height', height).int('max_iterations', iterations);
      line.int('x', x).int('y', y).int('columns', min(tile, width - x)).int('rows', min(tile, height - y));
      print(region.addTo(line).toString());
    }
  }
}

function map(json: string): void {
  const names = ['width', 'height', 'max_iterations', 'x', 'y', 'columns', 'rows'].concat(REGION);
  const params = new Params(json, 'stdin', names);
  const width = params.int('width', 1, SIDE_MAX);
  const height = params.int('height', 1, SIDE_MAX);
  const iterations = <i32>params.int('max_iterations', 1, ITERATIONS_MAX);
  const x = params.int('x', 0, width - 1);
  const y = params.int('y', 0, height - 1);
  const columns = <i32>params.int('columns', 1, min(TILE_MAX, width - x));
  const rows = <i32>params.int('rows', 1, min(TILE_MAX, height - y));
  const region = new Region(params, width, height);
  const step = (region.xMax - region.xMin) / <f64>width;
  const stepDown = (region.yMax - region.yMin) / <f64>height;
  const pixels = heap.alloc(<usize>columns * rows);
  for (let row = 0; row < rows; row++) {
    const im = region.yMax - (<f64>(y + row) + 0.5) * stepDown;
    colourRow(pixels + <usize>row * columns, columns, <i32>x, region.xMin, step, im, iterations);
  }
  new Tile(<i32>width, <i32>height, <i32>x, <i32>y, columns, rows).writeHeader(1);
  writeBytes(pixels, columns * rows);
}

function reduce(): void {
  const bands = new Bands(1);
  const png = new PngWriter();
  const palette = heap.alloc(768);
  storePalette(palette);
  let isBegun = false;
  while (bands.next()) {
    if (!isBegun) png.begin(bands.width, bands.height, palette);
    isBegun = true;
    for (let row = 0; row < bands.rows; row++) png.row(bands.address + <usize>row * bands.width, bands.width);
  }
  png.end();
}

runCommand(split, map, reduce);
