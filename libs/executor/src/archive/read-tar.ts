import { cutText, isTarHeader, MitoError } from '@mitosis/domain';
import { nanosecondsOf } from './archive-rules.js';
import { BLOCK_BYTES, padding } from './tar-header.js';

/** An entry as it stands in the archive: nothing in it is checked. Read `body` to its end, or not at all. */
export interface TarEntry {
  readonly path: Buffer;
  readonly type: 'file' | 'folder' | 'link' | 'hard link' | 'device' | 'named pipe';
  /** Of the file, with its holes. */
  readonly size: number;
  readonly mode: number;
  /** In nanoseconds since 1970; undefined when unknown. */
  readonly mtime: bigint | undefined;
  readonly target: Buffer;
  /** Where the bytes of `body` belong; the rest are zeros. */
  readonly pieces: readonly Piece[];
  readonly body: AsyncIterable<Buffer>;
}

export interface Piece {
  readonly offset: number;
  readonly length: number;
}

/** Extended headers longer than this are refused. */
const META_BYTES_MAX = 1_048_576;
/** Parts of a sparse file at most. */
const PIECES_MAX = 100_000;
const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hard link',
  '2': 'link',
  '3': 'device',
  '4': 'device',
  '5': 'folder',
  D: 'folder',
  '6': 'named pipe',
};
/** Said of entries that are not files: what they are, or how to do without. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  M: 'a part of an archive of several volumes',
  N: 'an entry of very old GNU tar',
};

/**
 * The entries of a tar archive, whoever has made it: ustar, pax, GNU with long names, sparse files (GNU,
 * pax 0.0, 0.1 and 1.0) and incremental. Written here, not by the `tar` package: that one drops sparse
 * files, cuts long names inside characters and takes names of digits for numbers. Throws
 * `archive_refused`. Reads the source to its end.
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const bytes = new Bytes(source);
  let global: Pax = new Map();
  let local: Pax = new Map();
  for (let block = await bytes.block(); block !== undefined; block = await bytes.block()) {
    const header = parseHeader(block);
    if (header.flag === 'x' || header.flag === 'X') local = merged(local, await bytes.meta(header.size, parsePax));
    else if (header.flag === 'g') global = merged(global, await bytes.meta(header.size, parsePax));
    else if (header.flag === 'L') local.set('path', [await bytes.meta(header.size, untilNul)]);
    else if (header.flag === 'K') local.set('linkpath', [await bytes.meta(header.size, untilNul)]);
    else if (header.flag === 'V') await bytes.skip(header.size, padding(header.size).length);
    else {
      const stored = { bytes, header, block, pax: merged(global, local) };
      local = new Map();
      yield* entryOf(stored);
    }
  }
  await bytes.drain();
}

interface Header {
  readonly flag: string;
  readonly path: Buffer;
  readonly target: Buffer;
  readonly size: number;
  readonly mode: number;
  readonly mtime: number;
}

/** The values of each key, in their order: pax 0.0 repeats keys. */
type Pax = Map<string, Buffer[]>;

interface Stored {
  readonly bytes: Bytes;
  readonly header: Header;
  readonly block: Buffer;
  readonly pax: Pax;
}

async function* entryOf(stored: Stored): AsyncGenerator<TarEntry> {
  const { bytes, header, pax } = stored;
  const path = last(pax, 'GNU.sparse.name') ?? last(pax, 'path') ?? header.path;
  const type = typeOf(header.flag, path);
  const hasBody = type === 'file' || header.flag === 'D';
  const storedSize = hasBody ? (numberOf(pax, 'size') ?? header.size) : 0;
  if (type === 'hard link' && (numberOf(pax, 'size') ?? header.size) > 0)
    throw refused(path, 'a hard link with content');
  const body = new Body(bytes, storedSize);
  const sparse = type === 'file' ? await sparseOf(stored, body) : undefined;
  const target = last(pax, 'linkpath') ?? header.target;
  const mtime = nanosecondsOf(numberOf(pax, 'mtime') === undefined ? String(header.mtime) : textOf(pax, 'mtime'));
  const size = type === 'file' ? (sparse?.size ?? storedSize) : 0;
  const pieces = sparse?.pieces ?? [{ offset: 0, length: size }];
  if (sparse) checkPieces(path, sparse, body.left);
  yield { path, type, size, mode: header.mode, mtime, target, pieces, body };
  await body.skip();
}

function typeOf(flag: string, path: Buffer): TarEntry['type'] {
  const type = TYPES[flag];
  if (type === undefined) throw refused(path, UNSUPPORTED[flag] ?? `an entry of the unknown type "${flag}"`);
  return type === 'file' && path.at(-1) === 0x2f ? 'folder' : type;
}

interface Sparse {
  readonly size: number;
  readonly pieces: Piece[];
}

/** Where the parts of a sparse file belong (GNU tar manual, "Storing Sparse Files"); undefined for other files. */
async function sparseOf({ bytes, header, block, pax }: Stored, body: Body): Promise<Sparse | undefined> {
  if (header.flag === 'S') return await gnuSparse(bytes, block);
  const size = numberOf(pax, 'GNU.sparse.realsize') ?? numberOf(pax, 'GNU.sparse.size');
  if (size === undefined) return undefined;
  if (last(pax, 'GNU.sparse.major')?.toString() === '1') return { size, pieces: await mapInBody(body) };
  const map = last(pax, 'GNU.sparse.map');
  if (map) return { size, pieces: paired(map.toString().split(',').map(Number)) };
  const offsets = (pax.get('GNU.sparse.offset') ?? []).map(Number);
  const lengths = (pax.get('GNU.sparse.numbytes') ?? []).map(Number);
  return { size, pieces: offsets.map((offset, index) => ({ offset, length: lengths[index] ?? Number.NaN })) };
}

async function gnuSparse(bytes: Bytes, block: Buffer): Promise<Sparse> {
  const pieces = [0, 1, 2, 3].flatMap((index) => gnuPiece(block, 386 + 24 * index));
  let isExtended = block[482] === 1;
  while (isExtended) {
    const more = await bytes.exact(BLOCK_BYTES);
    for (let index = 0; index < 21; index++) pieces.push(...gnuPiece(more, 24 * index));
    if (pieces.length > PIECES_MAX) throw tooManyPieces();
    isExtended = more[504] === 1;
  }
  return { size: number(block, 483, 12), pieces };
}

function gnuPiece(block: Buffer, at: number): Piece[] {
  return block[at] === 0 ? [] : [{ offset: number(block, at, 12), length: number(block, at + 12, 12) }];
}

/** Format 1.0: decimal numbers, one a line, at the beginning of the content, filled up to a block. */
async function mapInBody(body: Body): Promise<Piece[]> {
  let text = '';
  const isWhole = (): boolean => {
    const lines = text.split('\n');
    return lines.length > 1 && lines.length - 1 >= 1 + 2 * Number(lines[0]);
  };
  while (!isWhole()) {
    if (text.length > 2 * 24 * PIECES_MAX) throw tooManyPieces();
    text += (await body.exact(BLOCK_BYTES)).toString('latin1');
    if (text.indexOf('\n') > 0 && !(Number(text.slice(0, text.indexOf('\n'))) <= PIECES_MAX)) throw tooManyPieces();
  }
  const [count = 0, ...numbers] = text.split('\n').map(Number);
  return paired(numbers.slice(0, 2 * count));
}

function paired(numbers: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    pieces.push({ offset: numbers[index] ?? Number.NaN, length: numbers[index + 1] ?? Number.NaN });
  }
  if (pieces.length > PIECES_MAX) throw tooManyPieces();
  return pieces;
}

/** In order, inside the file, and as long together as what is stored. */
function checkPieces(path: Buffer, { size, pieces }: Sparse, storedSize: number): void {
  let end = 0;
  let sum = 0;
  const isGood = pieces.every(({ offset, length }) => {
    const isNext = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= end && length >= 0;
    end = offset + length;
    sum += length;
    return isNext && end <= size;
  });
  if (!isGood || sum !== storedSize) throw refused(path, 'a sparse file whose parts do not fit');
}

/** The content of one entry, with what fills its last block. */
class Body implements AsyncIterable<Buffer> {
  left: number;
  readonly #fill: number;

  constructor(
    private readonly bytes: Bytes,
    size: number,
  ) {
    this.left = size;
    this.#fill = padding(size).length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.left > 0) {
      const piece = await this.bytes.some(this.left);
      this.left -= piece.length;
      yield piece;
    }
  }

  async exact(length: number): Promise<Buffer> {
    if (length > this.left) throw truncated();
    this.left -= length;
    return await this.bytes.exact(length);
  }

  async skip(): Promise<void> {
    await this.bytes.skip(this.left, this.#fill);
    this.left = 0;
  }
}

/** The bytes of the archive, taken as they are needed. */
class Bytes {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next header; undefined at the end of the archive. */
  async block(): Promise<Buffer | undefined> {
    if (this.#rest.length === 0 && !(await this.#more())) return undefined;
    const block = await this.exact(BLOCK_BYTES);
    if (!isTarHeader(block)) throw new MitoError('invalid', 'archive_refused', 'a header of the archive is damaged');
    return block.every((byte) => byte === 0) ? undefined : block;
  }

  /** At least one byte, at most `max`. */
  async some(max: number): Promise<Buffer> {
    if (this.#rest.length === 0 && !(await this.#more())) throw truncated();
    const piece = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async exact(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = length; left > 0; left -= pieces.at(-1)?.length ?? 0) pieces.push(await this.some(left));
    return Buffer.concat(pieces);
  }

  /** `optional` more are skipped, too, unless the archive ends: not everybody fills the last block. */
  async skip(length: number, optional = 0): Promise<void> {
    for (let left = length; left > 0;) left -= (await this.some(left)).length;
    for (let left = optional; left > 0 && (this.#rest.length > 0 || (await this.#more()));) {
      left -= (await this.some(left)).length;
    }
  }

  async meta<T>(size: number, parse: (content: Buffer) => T): Promise<T> {
    if (size > META_BYTES_MAX) {
      throw new MitoError(
        'too-large',
        'archive_too_large',
        `a header of the archive has more than ${META_BYTES_MAX} bytes`,
      );
    }
    const content = parse(await this.exact(size));
    await this.exact(padding(size).length);
    return content;
  }

  async drain(): Promise<void> {
    this.#rest = Buffer.alloc(0);
    while (await this.#more()) this.#rest = Buffer.alloc(0);
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#rest = next.value;
    return this.#rest.length > 0 || (await this.#more());
  }
}

function parseHeader(block: Buffer): Header {
  const flag = block.toString('latin1', 156, 157);
  const name = untilNul(block.subarray(0, 100));
  // GNU tar uses the place of the prefix for other things, and says so by another magic.
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? untilNul(block.subarray(345, 500)) : Buffer.alloc(0);
  const path = prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
  const [mode, size, mtime] = [number(block, 100, 8), number(block, 124, 12), number(block, 136, 12)];
  if (!Number.isSafeInteger(size) || size < 0) throw refused(path, 'an entry without a size');
  return { flag, path, target: untilNul(block.subarray(157, 257)), size, mode, mtime };
}

/** Octal digits, or two's complement in base 256 when the first bit is set (GNU tar manual, "Basic Tar Format"). */
function number(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  const first = field[0] ?? 0;
  if (first < 0x80) return Number.parseInt(field.toString('latin1').replace(/\0.*$/s, '').trim() || '0', 8);
  const isNegative = first === 0xff;
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, isNegative ? -1 : first & 0x7f);
}

function parsePax(content: Buffer): Pax {
  const pax: Pax = new Map();
  for (let at = 0; at < content.length && content[at] !== 0;) {
    const space = content.indexOf(' ', at);
    const length = space === -1 ? Number.NaN : Number(content.toString('latin1', at, space));
    const equals = content.indexOf('=', space);
    const end = at + length;
    if (!(length > 0 && end <= content.length && equals > space && equals < end && content[end - 1] === 0x0a)) {
      throw new MitoError('invalid', 'archive_refused', 'an extended header of the archive is damaged');
    }
    const key = content.toString('latin1', space + 1, equals);
    const value = Buffer.from(content.subarray(equals + 1, end - 1));
    pax.set(key, [...(pax.get(key) ?? []), value]);
    at = end;
  }
  return pax;
}

function merged(one: Pax, other: Pax): Pax {
  return new Map([...one, ...other]);
}

function last(pax: Pax, key: string): Buffer | undefined {
  const value = pax.get(key)?.at(-1);
  return value === undefined || value.length === 0 ? undefined : value;
}

function textOf(pax: Pax, key: string): string {
  return last(pax, key)?.toString('latin1') ?? '';
}

function numberOf(pax: Pax, key: string): number | undefined {
  const text = textOf(pax, key);
  if (text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || (key !== 'mtime' && !(Number.isSafeInteger(value) && value >= 0))) {
    throw new MitoError(
      'invalid',
      'archive_refused',
      `an extended header of the archive says ${key}=${cutText(text, 40)}`,
    );
  }
  return value;
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end));
}

function refused(path: Buffer, why: string): MitoError {
  return new MitoError('invalid', 'archive_refused', `not supported: "${path.toString()}" is ${why}`);
}

function truncated(): MitoError {
  return new MitoError('invalid', 'archive_refused', 'the archive ends in the middle of an entry');
}

function tooManyPieces(): MitoError {
  return new MitoError('too-large', 'archive_too_large', `a sparse file has more than ${PIECES_MAX} parts`);
}
