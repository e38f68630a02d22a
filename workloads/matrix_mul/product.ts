// A tile of the product of two seeded random matrices, in blocks that fit into a cache.

import { splitMix } from '../lib/split-mix';

/** How much of the inner dimension is done at a time. */
const DEPTH = 256;
const ROWS_AT_ONCE = 2;
const COLUMNS_AT_ONCE = 8;

/** Element number `index` of the two matrices, which lie one behind the other: uniform in [-1, 1). */
export function element(seed: u64, index: u64): f64 {
  return <f64>(splitMix(seed, index) >> 11) * (1.0 / 4503599627370496.0) - 1.0;
}

function roundUp(value: i32, step: i32): i32 {
  return ((value + step - 1) / step) * step;
}

/** Two rows and eight columns of the product, added to what is there; `a` and `b` are blocks. */
function multiplyCell(a: usize, b: usize, c: usize, stride: usize, depth: i32): void {
  let s0 = v128.load(c), s1 = v128.load(c, 16), s2 = v128.load(c, 32), s3 = v128.load(c, 48);
  const d = c + stride;
  let t0 = v128.load(d), t1 = v128.load(d, 16), t2 = v128.load(d, 32), t3 = v128.load(d, 48);
  for (let k = 0; k < depth; k++) {
    const x = v128.load64_splat(a);
    const y = v128.load64_splat(a, DEPTH * 8);
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    s0 = f64x2.add(s0, f64x2.mul(x, b0));
    s1 = f64x2.add(s1, f64x2.mul(x, b1));
    s2 = f64x2.add(s2, f64x2.mul(x, b2));
    s3 = f64x2.add(s3, f64x2.mul(x, b3));
    t0 = f64x2.add(t0, f64x2.mul(y, b0));
    t1 = f64x2.add(t1, f64x2.mul(y, b1));
    t2 = f64x2.add(t2, f64x2.mul(y, b2));
    t3 = f64x2.add(t3, f64x2.mul(y, b3));
    a += 8;
    b += stride;
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
  v128.store(d, t0);
  v128.store(d, t1, 16);
  v128.store(d, t2, 32);
  v128.store(d, t3, 48);
}

/** Computes `rows` × `columns` elements of the product of two `size` × `size` matrices. */
export class Product {
  readonly address: usize;
  /** Bytes from one row to the next. */
  readonly stride: usize;
  private readonly a: usize;
  private readonly b: usize;

  constructor(
    private readonly seed: u64,
    private readonly size: i32,
    private readonly rows: i32,
    private readonly columns: i32,
  ) {
    const paddedRows = roundUp(rows, ROWS_AT_ONCE);
    this.stride = <usize>roundUp(columns, COLUMNS_AT_ONCE) * 8;
    this.address = heap.alloc(paddedRows * this.stride);
    this.a = heap.alloc(<usize>paddedRows * DEPTH * 8);
    this.b = heap.alloc(DEPTH * this.stride);
    memory.fill(this.address, 0, paddedRows * this.stride);
    memory.fill(this.a, 0, <usize>paddedRows * DEPTH * 8);
    memory.fill(this.b, 0, DEPTH * this.stride);
  }

  compute(row: i32, column: i32): void {
    for (let k = 0; k < this.size; k += DEPTH) {
      const depth = min(DEPTH, this.size - k);
      this.generate(row, column, k, depth);
      for (let i = 0; i < this.rows; i += ROWS_AT_ONCE) {
        for (let j = 0; j < this.columns; j += COLUMNS_AT_ONCE) {
          const c = this.address + i * this.stride + (<usize>j << 3);
          multiplyCell(this.a + <usize>i * DEPTH * 8, this.b + (<usize>j << 3), c, this.stride, depth);
        }
      }
    }
  }

  private generate(row: i32, column: i32, k: i32, depth: i32): void {
    const size = <u64>this.size;
    for (let i = 0; i < this.rows; i++) {
      const first = <u64>(row + i) * size + k;
      const at = this.a + <usize>i * DEPTH * 8;
      for (let j = 0; j < depth; j++) store<f64>(at + (<usize>j << 3), element(this.seed, first + j));
    }
    for (let i = 0; i < depth; i++) {
      const first = size * size + <u64>(k + i) * size + column;
      const at = this.b + i * this.stride;
      for (let j = 0; j < this.columns; j++) store<f64>(at + (<usize>j << 3), element(this.seed, first + j));
    }
  }
}
