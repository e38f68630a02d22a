import { createHash } from 'node:crypto';
import { crc32, inflateSync } from 'node:zlib';
import test from 'ava';
import { inspectProgram } from './inspect-program.js';
import { Sandbox } from './sandbox.js';
import { RecordingLog } from './testing/run-program.js';
import { frameResults, Workload, workloadProgram } from './testing/workload.js';

const sandbox = new Sandbox({ processes: 2, log: new RecordingLog() });
test.before(() => sandbox.start());
test.after.always(() => sandbox.stop());

const matrix = new Workload(sandbox, 'matrix_mul');
const passwords = new Workload(sandbox, 'password_hash');
const mandelbrot = new Workload(sandbox, 'mandelbrot');
const primes = new Workload(sandbox, 'count_primes');

const MASK = (1n << 64n) - 1n;

/** SplitMix64 as its authors wrote it, in plain JavaScript. */
function splitMix(seed: bigint, index: bigint): bigint {
  let z = (seed + (index + 1n) * 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

function element(seed: number, index: number): number {
  return Number(splitMix(BigInt(seed), BigInt(index)) >> 11n) / 2 ** 52 - 1;
}

function referenceProduct(size: number, seed: number): number[] {
  const [a, b] = [0, size * size].map((first) =>
    Array.from({ length: size * size }, (_, i) => element(seed, first + i)),
  );
  return Array.from({ length: size * size }, (_, index) => {
    const [row, column] = [Math.floor(index / size), index % size];
    let sum = 0;
    for (let k = 0; k < size; k += 1) sum += (a?.[row * size + k] ?? NaN) * (b?.[k * size + column] ?? NaN);
    return sum;
  });
}

interface Npy {
  readonly header: string;
  readonly values: readonly number[];
}

function readNpy(file: Buffer): Npy {
  const start = 10 + file.readUInt16LE(8);
  const count = (file.length - start) / 8;
  return {
    header: file.toString('latin1', 10, start),
    values: Array.from({ length: count }, (_, index) => file.readDoubleLE(start + index * 8)),
  };
}

const matrixCases = [
  { matrix_size: 1, seed: 3 },
  { matrix_size: 7, tile_size: 3, seed: 1 },
  { matrix_size: 64, tile_size: 16, seed: 9007199254740991 },
  { size: 300, tile_size: 130 },
];
for (const params of matrixCases) {
  test(`matrix_mul of ${JSON.stringify(params)} is the product that plain JavaScript computes`, async (t) => {
    const size = params.matrix_size ?? params.size ?? 0;
    const { final, subtasks } = await matrix.complete(params);
    t.is(subtasks.length, Math.ceil(size / (params.tile_size ?? 256)) ** 2);
    const { header, values } = readNpy(final.stdout);
    t.is((header.length + 10) % 64, 0);
    t.regex(
      header,
      new RegExp(`^\\{'descr': '<f8', 'fortran_order': False, 'shape': \\(${size}, ${size}\\), \\} *\\n$`),
    );
    const expected = referenceProduct(size, params.seed ?? 0);
    t.is(values.length, expected.length);
    const worst = values.reduce(
      (error, value, index) => Math.max(error, Math.abs(value - (expected[index] ?? NaN))),
      0,
    );
    t.true(worst <= 1e-9, `an element is off by ${worst}`);
    const summary = JSON.parse(final.stderr.toString()) as Record<string, unknown>;
    const trace = Array.from({ length: size }, (_, i) => values[i * size + i] ?? NaN).reduce((sum, x) => sum + x, 0);
    t.true(Math.abs(Number(summary['trace']) - trace) <= 1e-9);
    t.is(summary['matrix_size'], size);
    t.is(
      summary['crc32'],
      crc32(final.stdout.subarray(10 + header.length))
        .toString(16)
        .padStart(8, '0'),
    );
  });
}

test('matrix_mul gives the same bits however it is cut', async (t) => {
  const whole = await matrix.complete({ matrix_size: 100, seed: 5 });
  const cut = await matrix.complete({ matrix_size: 100, seed: 5, tile_size: 17 });
  t.true(whole.final.stdout.equals(cut.final.stdout));
});

function hashesOf(stdout: Buffer): string[] {
  const lines = stdout
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { index: number; hash: string });
  return lines.map(({ index, hash }, position) => (index === position ? hash : `out of order: ${index}`));
}

/** Published vectors: jBCrypt's and the Openwall crypt_blowfish test suites (2a and 2b agree on them). */
const bcryptVectors = [
  ['', 6, 'DCq7YPn5Rq63x1Lad4cll.', 'TV4S6ytwfsfvkgY8jIucDrjc8deX1s.'],
  ['a', 6, 'm0CrhHm10qJ3lXRY.5zDGO', '3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'],
  ['abc', 6, 'If6bvum7DFjUnE9p2uDeDu', '0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
  ['U*U', 5, 'CCCCCCCCCCCCCCCCCCCCC.', 'E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U*U', 5, 'XXXXXXXXXXXXXXXXXXXXXO', 'AcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
] as const;

for (const [password, cost, salt, hash] of bcryptVectors) {
  test(`bcrypt of ${JSON.stringify(password)} at cost ${cost} is the published hash`, async (t) => {
    const { final } = await passwords.complete({ algorithm: 'bcrypt', passwords: [password], salts: [salt], cost });
    t.deepEqual(hashesOf(final.stdout), [`$2b$0${cost}$${salt}${hash}`]);
  });
}

test('bcrypt looks at 72 bytes of a password and no more', async (t) => {
  const salt = 'abcdefghijklmnopqrstuu';
  const long = ['x'.repeat(71), 'x'.repeat(72), `${'x'.repeat(72)}y`];
  const { final } = await passwords.complete({
    algorithm: 'bcrypt',
    passwords: long,
    salts: [salt, salt, salt],
    cost: 4,
  });
  const [shorter, exact, longer] = hashesOf(final.stdout);
  t.not(shorter, exact);
  t.is(exact, longer);
});

for (const algorithm of ['sha256', 'sha512', 'SHA-256'] as const) {
  test(`${algorithm} of passwords of every length is what node:crypto says`, async (t) => {
    const list = [
      ...Array.from({ length: 150 }, (_, length) => 'p'.repeat(length)),
      'größe "\\\n\u0001 €',
      '\u{1f511}',
    ];
    const { final, subtasks } = await passwords.complete({ algorithm, passwords: list, batch_size: 40 });
    t.is(subtasks.length, 4);
    const name = algorithm === 'sha512' ? 'sha512' : 'sha256';
    t.deepEqual(
      hashesOf(final.stdout),
      list.map((password) => createHash(name).update(password).digest('hex')),
    );
  });
}

test('passwords made from a seed are hashed in their order, however they are cut', async (t) => {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const generated = Array.from({ length: 50 }, (_, index) => {
    let value = splitMix(7n, BigInt(index));
    return Array.from({ length: 12 }, () => {
      const letter = letters[Number(value % 36n)];
      value /= 36n;
      return letter;
    }).join('');
  });
  const { final, subtasks } = await passwords.complete({ algorithm: 'sha256', count: 50, seed: 7, batch_size: 8 });
  t.is(subtasks.length, 7);
  t.deepEqual(
    hashesOf(final.stdout),
    generated.map((password) => createHash('sha256').update(password).digest('hex')),
  );
});

test('the salts that follow from a seed differ, and are the same again', async (t) => {
  const params = { algorithm: 'bcrypt', count: 3, seed: 1, cost: 4, batch_size: 2 };
  const [first, second] = [await passwords.complete(params), await passwords.complete({ ...params, batch_size: 1 })];
  const hashes = hashesOf(first.final.stdout);
  t.deepEqual(hashes, hashesOf(second.final.stdout));
  t.is(new Set(hashes.map((hash) => hash.slice(0, 29))).size, 3);
  for (const hash of hashes) t.regex(hash, /^\$2b\$04\$[./A-Za-z0-9]{53}$/);
});

interface Png {
  readonly width: number;
  readonly height: number;
  readonly palette: Buffer;
  readonly rows: readonly Buffer[];
}

/** Decodes a PNG of the sort that is expected; throws on a wrong checksum. */
function decodePng(file: Buffer): Png {
  if (file.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('no PNG signature');
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    const data = file.subarray(at + 8, at + 8 + length);
    if (crc32(file.subarray(at + 4, at + 8 + length)) !== file.readUInt32BE(at + 8 + length))
      throw new Error('wrong CRC');
    chunks.push({ type: file.toString('latin1', at + 4, at + 8), data });
    at += 12 + length;
  }
  const of = (type: string) => Buffer.concat(chunks.filter((chunk) => chunk.type === type).map(({ data }) => data));
  const header = of('IHDR');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const pixels = inflateSync(of('IDAT'));
  const rows = Array.from({ length: height }, (_, y) => pixels.subarray(y * (width + 1), (y + 1) * (width + 1)));
  if (pixels.length !== (width + 1) * height || rows.some((row) => row[0] !== 0))
    throw new Error('not the rows expected');
  if (chunks.at(-1)?.type !== 'IEND' || header.toString('hex', 8) !== '0803000000')
    throw new Error('not the PNG expected');
  return { width, height, palette: of('PLTE'), rows: rows.map((row) => row.subarray(1)) };
}

interface View {
  readonly width: number;
  readonly height: number;
  readonly max_iterations: number;
  readonly x_min?: number;
  readonly x_max?: number;
  readonly y_min?: number;
  readonly y_max?: number;
}

function referenceColour(view: View, px: number, py: number): number {
  const { width, height, max_iterations: max, x_min: left = -2.5, x_max: right = 1 } = view;
  const half = ((right - left) * height) / width / 2;
  const { y_min: bottom = -half, y_max: top = half } = view;
  const cr = left + (px + 0.5) * ((right - left) / width);
  const ci = top - (py + 0.5) * ((top - bottom) / height);
  let [zr, zi, count] = [0, 0, 0];
  while (count < max && zr * zr + zi * zi <= 4) {
    [zr, zi] = [zr * zr - zi * zi + cr, 2 * zr * zi + ci];
    count += 1;
  }
  return count >= max ? 0 : 1 + ((count - 1) % 255);
}

const views: readonly (View & { readonly tile_size?: number })[] = [
  { width: 1, height: 1, max_iterations: 10 },
  { width: 333, height: 200, max_iterations: 300, tile_size: 64 },
  {
    width: 101,
    height: 77,
    max_iterations: 1000,
    x_min: -0.7463,
    x_max: -0.7413,
    y_min: 0.1102,
    y_max: 0.1152,
    tile_size: 40,
  },
  { width: 50, height: 20, max_iterations: 1, x_min: -30, x_max: 30 },
];
for (const view of views) {
  test(`mandelbrot of ${JSON.stringify(view)} is the image that plain JavaScript computes`, async (t) => {
    const { final } = await mandelbrot.complete(view);
    const { width, height, palette, rows } = decodePng(final.stdout);
    t.deepEqual([width, height, palette.length], [view.width, view.height, 768]);
    const expected = Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => referenceColour(view, x, y)),
    );
    t.deepEqual(
      rows.map((row) => [...row]),
      expected,
    );
  });
}

test('an image of several segments is compressed, and complete', async (t) => {
  const { final } = await mandelbrot.complete({ width: 1000, height: 700, max_iterations: 50 });
  t.is(decodePng(final.stdout).rows.length, 700);
  t.true(final.stdout.length < 350_000, `${final.stdout.length} bytes`);
});

test('the template of the guide counts primes', async (t) => {
  const { final, subtasks } = await primes.complete({ limit: 100_000, max_subtasks: 7 });
  t.true(subtasks.length <= 7);
  t.deepEqual(JSON.parse(final.stdout.toString()), { primes: 9592 });
});

const badParams: readonly (readonly [Workload, string, RegExp])[] = [
  [matrix, '{}', /^matrix_size: it is missing/],
  [matrix, '{"matrix_size":0}', /^matrix_size: it has to be from 1 to 16384/],
  [matrix, '{"matrix_size":1.5}', /^matrix_size: it has to be a whole number/],
  [matrix, '{"matrix_size":"8"}', /^matrix_size: it has to be a whole number/],
  [matrix, '{"matrix_size":8,"size":8}', /^size: /],
  [matrix, '{"matrix_size":1000,"tile_size":1}', /^tile_size: it makes 1000000 subtasks, max_subtasks is 10000/],
  [matrix, '{"matrix_size":16384,"max_subtasks":1}', /^max_subtasks: at least \d+ are needed/],
  [matrix, '{"matrix_size":8,"tilesize":2}', /^tilesize: unknown/],
  [matrix, '{"matrix_size":8', /^PARAMS_JSON: /],
  [matrix, '{"matrix_size":[8]}', /^PARAMS_JSON: .*matrix_size/],
  [matrix, '[]', /^PARAMS_JSON: /],
  [matrix, 'null', /^PARAMS_JSON: /],
  [matrix, '{"a":"\\u12', /^PARAMS_JSON: /],
  [passwords, '{"algorithm":"md5","count":1}', /^algorithm: /],
  [passwords, '{"algorithm":"sha256"}', /^passwords: /],
  [passwords, '{"algorithm":"sha256","passwords":[]}', /^passwords: /],
  [passwords, '{"algorithm":"sha256","passwords":["a"],"count":1}', /^passwords: /],
  [passwords, '{"algorithm":"sha256","passwords":["a"],"cost":5}', /^cost: /],
  [passwords, '{"algorithm":"bcrypt","passwords":["a"],"cost":3}', /^cost: /],
  [passwords, '{"algorithm":"bcrypt","passwords":["a"],"salts":["short"]}', /^salts: /],
  [passwords, '{"algorithm":"sha256","count":100,"batch_size":1,"max_subtasks":99}', /^batch_size: /],
  [mandelbrot, '{"width":10}', /^height: it is missing/],
  [mandelbrot, '{"width":10,"height":-1}', /^height: /],
  [mandelbrot, '{"width":10,"height":10,"max_iterations":0}', /^max_iterations: /],
  [mandelbrot, '{"width":10,"height":10,"x_min":2}', /^x_min: /],
  [mandelbrot, '{"width":10,"height":10,"y_min":2}', /^y_min: /],
  [mandelbrot, '{"width":10,"height":10,"x_min":"left"}', /^x_min: it has to be a number/],
];
for (const [workload, params, message] of badParams) {
  test(`split of ${params} is refused with ${message}`, async (t) => {
    const { result, stdout, stderr } = await workload.run('split', params);
    t.is(result.exitCode, 2, JSON.stringify(result));
    t.regex(stderr.toString(), message);
    t.is(stdout.length, 0);
  });
}

test('a workload without a known entry says how it is used', async (t) => {
  const { result, stderr } = await matrix.run('help');
  t.is(result.exitCode, 2);
  t.regex(stderr.toString(), /^usage: /);
});

test('the number of subtasks keeps to max_subtasks when the tile size is left to the workload', async (t) => {
  for (const params of ['{"matrix_size":4096,"max_subtasks":20}', '{"matrix_size":4096}']) {
    const { stdout, result } = await matrix.run('split', params);
    t.is(result.exitCode, 0);
    t.true(stdout.toString().trimEnd().split('\n').length <= (params.includes('max') ? 20 : 10_000));
  }
});

test('reduce refuses results that are missing, too many, mixed up or cut', async (t) => {
  const { results } = await matrix.complete({ matrix_size: 6, tile_size: 3 });
  const [a = Buffer.alloc(0), b = Buffer.alloc(0), c = Buffer.alloc(0), d = Buffer.alloc(0)] = results;
  const wrong = [
    [],
    [a],
    [a, b, c],
    [a, b, c, d, d],
    [b, a, c, d],
    [a, c, b, d],
    [a, b, c, d.subarray(1)],
    [a, b, c, d.subarray(0, -8)],
    [Buffer.from('x')],
  ];
  for (const list of wrong) {
    const { result, stderr } = await matrix.run('reduce', undefined, frameResults(list));
    t.is(result.exitCode, 1);
    t.regex(stderr.toString(), /^stdin: result \d/);
  }
  const cut = await matrix.run('reduce', undefined, frameResults(results).subarray(0, -1));
  t.is(cut.result.exitCode, 1);
});

test('every workload passes the check of programs', async (t) => {
  for (const name of ['matrix_mul', 'password_hash', 'mandelbrot', 'count_primes']) {
    const info = inspectProgram(await workloadProgram(name));
    t.deepEqual([...info.imports].sort(), ['args_get', 'args_sizes_get', 'fd_read', 'fd_write', 'proc_exit']);
    t.true(info.sizeBytes < 60_000);
  }
});
