import { once } from 'node:events';
import { constants, crc32, createDeflateRaw, deflateRawSync, type DeflateRaw, type ZlibParams } from 'node:zlib';

/** Of the level above this one, gzip makes text a seventh smaller, in four times the time. */
const QUICK = constants.Z_BEST_SPEED;
const STORED = constants.Z_NO_COMPRESSION;
/** Large pieces: with zlib's own, 16 KiB, what is merely stored takes eight times as long. */
const PIECE_BYTES = 262_144;
/** Shorter pieces, such as headers, go along with what is around them. */
const JUDGED_BYTES = 16_384;
const GATHERED_BYTES = 65_536;
const SAMPLE_BYTES = 8_192;
const WORTHWHILE = 0.95;

/** Deflated, without a name, a time or flags; made quickly, on Unix (RFC 1952, 2.3). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]);

/**
 * Compresses files of which nothing is known, as one gzip stream. What does not get smaller (compressed files,
 * images, weights) is stored as it is, at the speed of a copy; the rest is compressed quickly. The output
 * depends on the pieces only, not on how fast they come or are read. The frame is ours because Node changes
 * the level of raw streams only: for those of `createGzip` its `params` does nothing, and says nothing.
 */
export async function* quickGzip(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const deflate = createDeflateRaw({ level: QUICK, chunkSize: PIECE_BYTES }) as Deflate;
  const left = new AbortController();
  const written = write(deflate, pieces, left.signal);
  // Its failure is thrown below, by the loop.
  written.catch((error: Error) => deflate.destroy(error));
  try {
    yield HEADER;
    yield* deflate as AsyncIterable<Buffer>;
    const { checksum, size } = await written;
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(checksum, 0);
    trailer.writeUInt32LE(size % 2 ** 32, 4);
    yield trailer;
  } finally {
    left.abort();
    deflate.destroy();
  }
}

type Deflate = DeflateRaw & ZlibParams;

/** Each piece is written before the level is changed for the next one: a change acts on all that comes after it. */
async function write(
  deflate: Deflate,
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<{ readonly checksum: number; readonly size: number }> {
  let level: number = QUICK;
  let checksum = 0;
  let size = 0;
  for await (const piece of gathered(pieces)) {
    const wanted = piece.length < JUDGED_BYTES ? level : levelFor(piece);
    if (wanted !== level) await setLevel(deflate, wanted);
    level = wanted;
    checksum = crc32(piece, checksum);
    size += piece.length;
    if (!deflate.write(piece)) await once(deflate, 'drain', { signal });
  }
  deflate.end();
  return { checksum, size };
}

/** Short pieces together: each one that is written wakes a thread. */
async function* gathered(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let short: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    const isShort = piece.length < JUDGED_BYTES;
    if (isShort) {
      short.push(piece);
      size += piece.length;
    }
    if (short.length > 0 && (!isShort || size >= GATHERED_BYTES)) {
      yield Buffer.concat(short);
      short = [];
      size = 0;
    }
    if (!isShort) yield piece;
  }
  if (short.length > 0) yield Buffer.concat(short);
}

function setLevel(deflate: Deflate, level: number): Promise<void> {
  return new Promise((resolve, reject) => {
    deflate.once('close', reject);
    deflate.params(level, constants.Z_DEFAULT_STRATEGY, () => {
      deflate.off('close', reject);
      resolve();
    });
  });
}

/** Judged by a sample from its middle: the beginning of a file is often a header of another kind. */
function levelFor(piece: Buffer): number {
  const start = Math.floor((piece.length - SAMPLE_BYTES) / 2);
  const sample = piece.subarray(start, start + SAMPLE_BYTES);
  return deflateRawSync(sample, { level: QUICK }).length < WORTHWHILE * SAMPLE_BYTES ? QUICK : STORED;
}
