import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemError } from '@mitosis/domain';

export interface RotatingFileOptions {
  /** A file is set aside when it has grown past this. */
  readonly limitBytes: number;
  /** How many set aside files are kept: `.1` is the latest. */
  readonly kept: number;
}

const DEFAULTS: RotatingFileOptions = { limitBytes: 10_485_760, kept: 3 };

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

/**
 * A log file of bounded size. Several processes may write to one and the same: lines are appended
 * whole, one process at a time sets the file aside (`.lock` is a folder, made by whoever comes first),
 * and the others notice that theirs is no longer the current one.
 */
export class RotatingFile {
  private descriptor: number;
  private inode = 0;

  constructor(
    private readonly file: string,
    private readonly options: RotatingFileOptions = DEFAULTS,
  ) {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    this.descriptor = this.open();
  }

  write(line: string): void {
    const { ino, size } = fstatSync(this.descriptor);
    if (size >= this.options.limitBytes) this.rotate(ino);
    else if (inodeOf(this.file) !== ino) this.reopen();
    const bytes = Buffer.from(line);
    for (let written = 0; written < bytes.length;) written += writeSync(this.descriptor, bytes, written);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private open(): number {
    const descriptor = openSync(this.file, 'a', 0o600);
    this.inode = fstatSync(descriptor).ino;
    return descriptor;
  }

  private reopen(): void {
    // Opened first: when that fails, this one is still good.
    const before = this.descriptor;
    this.descriptor = this.open();
    closeSync(before);
  }

  private rotate(ino: number): void {
    const lock = `${this.file}.lock`;
    try {
      mkdirSync(lock);
    } catch (error) {
      // Somebody else is at it, or died at it: the file grows on until the lock is gone.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return this.breakOldLock(lock);
      // No room for a folder: the file grows on, too.
      if (systemError(error)) return;
      throw error;
    }
    try {
      if (inodeOf(this.file) === ino) this.shift();
    } finally {
      rmSync(lock, { recursive: true });
    }
    this.reopen();
  }

  private breakOldLock(lock: string): void {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > 10_000) rmSync(lock, { recursive: true, force: true });
    if (inodeOf(this.file) !== this.inode) this.reopen();
  }

  private shift(): void {
    for (let index = this.options.kept - 1; index >= 0; index -= 1) {
      const from = index === 0 ? this.file : `${this.file}.${index}`;
      if (inodeOf(from) !== undefined) renameSync(from, `${this.file}.${index + 1}`);
    }
  }
}
