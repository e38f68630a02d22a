import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MitoError } from '@mitosis/domain';
import { CODE_LIMITS, type CodeManifest, type CodePiece } from '@mitosis/protocol';
import { errorCode } from '../system-error.js';

/** A file of the folder, as it was when the folder was listed. */
export interface SourceFile {
  /** Relative, with `/` between the names. */
  readonly path: string;
  /** Where it lies. */
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly isExecutable: boolean;
}

export interface SourceLink {
  readonly path: string;
  readonly target: string;
}

/** A folder as it is stored: packs of content, and the list of its files. */
export interface PackedCode {
  readonly manifest: Buffer;
  /** Of the manifest: two folders with the same content have the same. */
  readonly sha256: string;
  /** Of all packs, without the manifest. */
  readonly packs: readonly string[];
  readonly bytes: number;
  readonly files: number;
  /** A pack or the manifest, as it is sent. Throws `workdir_changed` when a file of it has changed meanwhile. */
  read(sha256: string): Promise<Buffer>;
}

/** A file is read in pieces of this size at most; each is part of one pack. */
type Span = SourceFile & { readonly offset: number; readonly length: number };

const LARGE_BYTES = 2 ** 20;
/** So much of small files is to lie in one pack: what has to be sent again when one of them changes. */
const AIMED_BYTES = 512 * 2 ** 10;
const AIMED_FILES = 128;
/** A pipe or a link may have taken the place of a file since it was listed. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const zip = promisify(gzip);

function changed(path: string, why: string): MitoError {
  const advice = 'Wait until nothing writes to the folder, or name the file in .mitoignore';
  return new MitoError('conflict', 'workdir_changed', `--workdir: "${path}" ${why} while it was packed. ${advice}`);
}

/** Calls `read` with the open file, and throws when it is not, or does not stay, as it was listed. */
function withUnchanged<T>({ path, file, size, mtimeMs }: SourceFile, read: (fd: number) => T): T {
  const assertSame = (stats: Stats): void => {
    if (!stats.isFile()) throw changed(path, 'was replaced');
    if (stats.size !== size || stats.mtimeMs !== mtimeMs) throw changed(path, 'was written to');
  };
  let fd: number;
  try {
    fd = openSync(file, OPEN_FLAGS);
  } catch (error) {
    const code = errorCode(error);
    if (/ENOENT|ELOOP|ENOTDIR/.test(code)) throw changed(path, 'was removed');
    const message = `--workdir: "${path}" can't be read: ${code}. Make it readable, or name it in .mitoignore`;
    throw new MitoError('invalid', 'workdir_unreadable', message, { cause: error });
  }
  try {
    assertSame(fstatSync(fd));
    const result = read(fd);
    assertSame(fstatSync(fd));
    return result;
  } finally {
    closeSync(fd);
  }
}

function readSpan(fd: number, { path, offset, length }: Span): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  for (let at = 0; at < length;) {
    const read = readSync(fd, buffer, at, length - at, offset + at);
    if (read === 0) throw changed(path, 'became shorter');
    at += read;
  }
  return buffer;
}

/** Which pack a small file belongs to: by its name, so that a change of one file changes one pack. */
function bucketOf(path: string, buckets: number): number {
  return createHash('sha256').update(path).digest().readUInt32BE(0) % buckets;
}

function spansOf(file: SourceFile): Span[] {
  const count = Math.max(Math.ceil(file.size / CODE_LIMITS.packBytes), 1);
  return Array.from({ length: count }, (_, index) => {
    const offset = index * CODE_LIMITS.packBytes;
    return { ...file, offset, length: Math.min(CODE_LIMITS.packBytes, file.size - offset) };
  });
}

/** Packs as lists of spans: small files together, large ones by themselves. */
function planPacks(files: readonly SourceFile[]): Span[][] {
  const small = files.filter(({ size }) => size < LARGE_BYTES);
  const bytes = small.reduce((sum, { size }) => sum + size, 0);
  const wanted = Math.max(bytes / AIMED_BYTES, small.length / AIMED_FILES, 1);
  // A power of two: a few files more or less leave the others in their packs.
  const buckets = Array.from({ length: 2 ** Math.ceil(Math.log2(wanted)) }, (): Span[][] => []);
  for (const file of small) {
    const bucket = buckets[bucketOf(file.path, buckets.length)] as Span[][];
    const last = bucket.at(-1);
    const used = last?.reduce((sum, { length }) => sum + length, 0) ?? Number.POSITIVE_INFINITY;
    if (!last || used + file.size > CODE_LIMITS.packBytes) bucket.push(spansOf(file));
    else last.push(...spansOf(file));
  }
  const large = files.filter(({ size }) => size >= LARGE_BYTES);
  return [...buckets.flat(), ...large.flatMap(spansOf).map((span) => [span])];
}

/** Reads every file once. The hash of a large file continues from one pack to the next. */
class Hashing {
  private readonly whole = new Map<string, Hash>();
  private readonly hashes = new Map<string, string>();

  packOf(spans: readonly Span[]): string {
    const pack = createHash('sha256');
    for (const span of spans) {
      const content = withUnchanged(span, (fd) => readSpan(fd, span));
      pack.update(content);
      const hash = (this.whole.get(span.path) ?? createHash('sha256')).update(content);
      this.whole.set(span.path, hash);
      if (span.offset + span.length === span.size) this.hashes.set(span.path, hash.digest('hex'));
    }
    return pack.digest('hex');
  }

  pieceOf({ path, size, isExecutable, offset, length }: Span): CodePiece {
    return { path, size, sha256: this.hashes.get(path) ?? '', is_executable: isExecutable, offset, length };
  }
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : 1);

/**
 * How a folder is stored. Reads its files, and sends nothing. Throws
 * `workdir_changed`, `workdir_unreadable`, `workdir_too_large`.
 */
export async function packCode(files: readonly SourceFile[], links: readonly SourceLink[]): Promise<PackedCode> {
  const plan = planPacks(files.toSorted(byPath));
  if (plan.length > CODE_LIMITS.packs - 1) {
    const message = '--workdir: the folder is too large. Name large files in .mitoignore, and pass them as attachments';
    throw new MitoError('too-large', 'workdir_too_large', message);
  }
  const hashing = new Hashing();
  const hashed = plan.map((spans) => ({ sha256: hashing.packOf(spans), spans }));
  const packs = hashed.map(({ sha256, spans }) => ({ sha256, pieces: spans.map((span) => hashing.pieceOf(span)) }));
  const list: CodeManifest = { version: 1, packs, links: links.toSorted(byPath) };
  const manifest = Buffer.from(JSON.stringify(list));
  const sha256 = createHash('sha256').update(manifest).digest('hex');
  const spans = new Map(hashed.map((pack) => [pack.sha256, pack.spans]));
  return {
    manifest,
    sha256,
    packs: [...spans.keys()],
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    files: files.length + links.length,
    read: async (wanted) => {
      if (wanted === sha256) return zip(manifest);
      return readPack(spans.get(wanted) ?? [], wanted);
    },
  };
}

async function readPack(spans: readonly Span[], sha256: string): Promise<Buffer> {
  const content = Buffer.concat(spans.map((span) => withUnchanged(span, (fd) => readSpan(fd, span))));
  if (createHash('sha256').update(content).digest('hex') !== sha256)
    throw changed(spans[0]?.path ?? '', 'was written to');
  return zip(content, { level: 1 });
}
