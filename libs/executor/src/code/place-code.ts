import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as letOthers } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MitoError } from '@mitosis/domain';
import { CODE_LIMITS, CodeManifest, type CodePiece } from '@mitosis/protocol';
import { errorCode, isErrno } from '../system-error.js';
import { codeLinkObjection, codePathObjection } from './code-rules.js';

const unzip = promisify(gunzip);

/** By path, how each file was when it was laid down: one that is still so is not a product of the task. */
export type PlacedFiles = ReadonlyMap<string, { readonly size: number; readonly mtimeMs: number }>;

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** Between two looks at the time: packs have hundreds of files, which are written without the thread pool. */
const FILES_AT_A_TIME = 200;

function refused(why: string): MitoError {
  return new MitoError('invalid', 'code_refused', `The folder of code was refused: ${why}`);
}

async function unpacked(bytes: Uint8Array, sha256: string): Promise<Buffer> {
  const content = await unzip(bytes, { maxOutputLength: CODE_LIMITS.manifestBytes }).catch((error: Error) => {
    throw refused(error.message);
  });
  if (createHash('sha256').update(content).digest('hex') !== sha256) throw refused('its content is not as it was sent');
  return content;
}

/** The list of files of a folder, checked. Throws `code_refused`. */
export async function readManifest(bytes: Uint8Array, sha256: string): Promise<CodeManifest> {
  const text = (await unpacked(bytes, sha256)).toString('utf8');
  let manifest: CodeManifest;
  try {
    manifest = CodeManifest.parse(JSON.parse(text));
  } catch (error) {
    throw refused((error as Error).message);
  }
  const pieces = manifest.packs.flatMap((pack) => pack.pieces);
  const paths = new Set(pieces.map(({ path }) => path));
  if (paths.size + manifest.links.length > CODE_LIMITS.files) throw refused('it has too many files');
  for (const { path } of [...pieces, ...manifest.links]) {
    const objection = codePathObjection(path);
    if (objection !== undefined) throw refused(`"${path}": ${objection}`);
  }
  for (const { path, target } of manifest.links) {
    const objection = codeLinkObjection(path, target);
    if (objection !== undefined) throw refused(`"${path}": ${objection}`);
  }
  return manifest;
}

/**
 * Lays a folder of code into `dir`, which is empty. `read` fetches a pack. Nothing outside of `dir` is written, for
 * links come last. Throws `code_refused`, and `code_not_placed` with the system's reason.
 */
export async function placeCode(
  manifest: CodeManifest,
  dir: string,
  read: (sha256: string) => Promise<Uint8Array>,
): Promise<PlacedFiles> {
  const placing = new Placing(dir);
  for (const { sha256, pieces } of manifest.packs) {
    const content = await unpacked(await read(sha256), sha256);
    let at = 0;
    for (const [index, piece] of pieces.entries()) {
      placing.write(piece, content.subarray(at, at + piece.length));
      at += piece.length;
      if (index % FILES_AT_A_TIME === FILES_AT_A_TIME - 1) await letOthers();
    }
    if (at !== content.length) throw refused('a pack is not as its list says');
  }
  for (const { path, target } of manifest.links) placing.link(path, target);
  return placing.placed;
}

class Placing {
  readonly placed = new Map<string, { readonly size: number; readonly mtimeMs: number }>();
  private readonly folders = new Set<string>();

  constructor(private readonly dir: string) {
    this.folders.add(dir);
  }

  write({ path, offset, is_executable: isExecutable, length }: CodePiece, content: Buffer): void {
    if (content.length !== length) throw refused('a pack is not as its list says');
    this.orNamed(path, (place) => {
      const isNew = !this.placed.has(path);
      const fd = openSync(place, O_WRONLY | O_NOFOLLOW | (isNew ? O_CREAT | O_EXCL : 0), isExecutable ? 0o755 : 0o644);
      try {
        for (let at = 0; at < length;) at += writeSync(fd, content, at, length - at, offset + at);
        const { size, mtimeMs } = fstatSync(fd);
        this.placed.set(path, { size, mtimeMs });
      } finally {
        closeSync(fd);
      }
    });
  }

  link(path: string, target: string): void {
    this.orNamed(path, (place) => symlinkSync(target, place));
    this.placed.set(path, { size: -1, mtimeMs: 0 });
  }

  private makeFolder(folder: string): void {
    if (this.folders.has(folder)) return;
    this.makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o755 });
    this.folders.add(folder);
  }

  private orNamed(path: string, work: (place: string) => void): void {
    try {
      const place = join(this.dir, path);
      this.makeFolder(dirname(place));
      work(place);
    } catch (error) {
      if (isErrno(error, 'EEXIST', 'ENOTDIR', 'ELOOP')) throw refused(`"${path}" is in it twice`);
      const message = `"${path}" of the folder of code was not written: ${errorCode(error)}`;
      throw new MitoError('unavailable', 'code_not_placed', message, { cause: error });
    }
  }
}
