import { promisify } from 'node:util';
import { constants, crc32, createDeflateRaw, deflateRawSync, type DeflateRaw, type ZlibParams } from 'node:zlib';

/** Of the level above this one, gzip makes text a seventh smaller, in four times the time. */
const QUICK = constants.Z_BEST_SPEED;
const STORED = constants.Z_NO_COMPRESSION;
/** Large pieces: with zlib's own, 16 KiB, what is merely stored takes eight times as long. */
const PIECE_BYTES = 262_144;
/** Shorter pieces, such as headers, go along with what is around them. */
const JUDGED_BYTES = 16_384;
const SAMPLE_BYTES = 8_192;
const WORTHWHILE = 0.95;

/** Deflated, without a name, a time or flags; made quickly, on Unix (RFC 1952, 2.3). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]);

/** The stages of a gzip stream: the pieces go through `feed`, `deflate` and `frame`, in this order. */
export interface QuickGzip {
  feed(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
  readonly deflate: DeflateRaw;
  frame(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
}

/**
 * Compresses files of which nothing is known. What does not get smaller (compressed files, images,
 * weights) is stored as it is, at the speed of a copy; the rest is compressed quickly. The output
 * depends on the pieces only. The frame is ours because Node changes the level of raw streams only:
 * for those of `createGzip` its `params` does nothing, and says nothing.
 */
export function quickGzip(): QuickGzip {
  const deflate = createDeflateRaw({ level: QUICK, chunkSize: PIECE_BYTES }) as DeflateRaw & ZlibParams;
  const setLevel = promisify((level: number, done: () => void) =>
    deflate.params(level, constants.Z_DEFAULT_STRATEGY, done),
  );
  let checksum = 0;
  let size = 0;
  return {
    deflate,
    async *feed(pieces) {
      let level: number = QUICK;
      for await (const piece of pieces) {
        const wanted = piece.length < JUDGED_BYTES ? level : levelFor(piece);
        // It takes effect after what was written before.
        if (wanted !== level) await setLevel(wanted);
        level = wanted;
        checksum = crc32(piece, checksum);
        size += piece.length;
        yield piece;
      }
    },
    async *frame(blocks) {
      yield HEADER;
      yield* blocks;
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(checksum, 0);
      trailer.writeUInt32LE(size % 2 ** 32, 4);
      yield trailer;
    },
  };
}

/** Judged by a sample from its middle: the beginning of a file is often a header of another kind. */
function levelFor(piece: Buffer): number {
  const start = Math.floor((piece.length - SAMPLE_BYTES) / 2);
  const sample = piece.subarray(start, start + SAMPLE_BYTES);
  return deflateRawSync(sample, { level: QUICK }).length < WORTHWHILE * SAMPLE_BYTES ? QUICK : STORED;
}
