import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';

/** Compiled code of chunks, by their names. Whatever goes wrong with it costs time and nothing else. */
export interface CodeCache {
  read(name: string): Buffer | undefined;
  write(compiled: readonly (readonly [name: string, code: Buffer])[]): void;
}

/** Builds whose code is kept: this one, and those that were used last. */
const BUILDS_KEPT = 4;
const OTHERS_MAY = 0o077;
/** Before the code, so that a file that was cut short is not taken for code. */
const LENGTH_BYTES = 4;

/**
 * The cache of one build for this version of V8, its flags and this processor, in a folder of `root` that belongs
 * to this user alone. Undefined where there is no such place: code that others could change is not run.
 */
export function openCodeCache(root: string | undefined, build: string): CodeCache | undefined {
  if (root === undefined) return undefined;
  const all = join(root, 'code');
  const folder = join(all, `${build.replace(/\.js$/, '')}-${process.arch}-${cachedDataVersionTag()}`);
  return {
    read: (name) => (isOwn(folder) && isOwn(all) ? readCode(join(folder, name)) : undefined),
    write: (compiled) => {
      if (compiled.length === 0) return;
      try {
        prepare(all, folder);
        for (const [name, code] of compiled) writeCode(join(folder, name), code);
      } catch {
        // A full disk, a read-only one: the next process compiles again.
      }
    },
  };
}

/** False as well where it can't be told: there is nothing, a file in the way, a folder that can't be entered. */
function isOwn(folder: string): boolean {
  try {
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & OTHERS_MAY) === 0;
  } catch {
    return false;
  }
}

function readCode(file: string): Buffer | undefined {
  try {
    const bytes = readFileSync(file);
    const code = bytes.subarray(LENGTH_BYTES);
    return bytes.length > LENGTH_BYTES && bytes.readUInt32LE() === code.length ? code : undefined;
  } catch {
    return undefined;
  }
}

function writeCode(file: string, code: Buffer): void {
  const draft = `${file}.${process.pid}`;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(code.length);
  try {
    writeFileSync(draft, Buffer.concat([length, code]), { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function prepare(all: string, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!isOwn(all) || !isOwn(folder)) throw new Error('the folder belongs to somebody else');
  const builds = readdirSync(all).map((name) => ({ name, at: lstatSync(join(all, name)).mtimeMs }));
  const old = builds.toSorted((one, other) => other.at - one.at).slice(BUILDS_KEPT);
  for (const { name } of old) rmSync(join(all, name), { recursive: true, force: true });
}
