import { demand, Errno, WasiError } from './errno.js';
import type { FileNode, FileTree, Folder, InputFile, MemoryFile } from './file-tree.js';

/** At most this many descriptors at once, as a usual `ulimit -n`. */
const DESCRIPTORS_MAX = 1024;

export interface StdinDescriptor {
  readonly kind: 'stdin';
  position: number;
}

export interface OutputDescriptor {
  readonly kind: 'output';
  readonly stream: 1 | 2;
}

export interface FileDescriptor {
  readonly kind: 'file';
  readonly node: MemoryFile | InputFile;
  readonly isWritable: boolean;
  position: number;
  isAppending: boolean;
}

export interface FolderDescriptor {
  readonly kind: 'folder';
  readonly node: Folder;
  /** What the last listing from its start saw, so that removing while listing skips nothing. */
  listing: readonly (readonly [string, FileNode])[];
}

export type Descriptor = StdinDescriptor | OutputDescriptor | FileDescriptor | FolderDescriptor;

/** The table of open descriptors: 0 to 2 are the standard streams, 3 is the root folder `/`. */
export class Descriptors {
  static readonly ROOT = 3;
  readonly #open = new Map<number, Descriptor>();

  constructor(private readonly tree: FileTree) {
    this.#open.set(0, { kind: 'stdin', position: 0 });
    this.#open.set(1, { kind: 'output', stream: 1 });
    this.#open.set(2, { kind: 'output', stream: 2 });
    this.#open.set(Descriptors.ROOT, { kind: 'folder', node: tree.root, listing: [] });
  }

  get(fd: number): Descriptor {
    const descriptor = this.#open.get(fd);
    demand(descriptor !== undefined, Errno.badf);
    return descriptor;
  }

  folder(fd: number): FolderDescriptor {
    const descriptor = this.get(fd);
    demand(descriptor.kind === 'folder', Errno.notdir);
    return descriptor;
  }

  /** A file that is a file: the standard streams can't be sought (`ESPIPE`). */
  file(fd: number): FileDescriptor {
    const descriptor = this.get(fd);
    if (descriptor.kind === 'folder') throw new WasiError(Errno.isdir);
    demand(descriptor.kind === 'file', Errno.spipe);
    return descriptor;
  }

  writableFile(fd: number): FileDescriptor & { readonly node: MemoryFile } {
    const descriptor = this.file(fd);
    const { node } = descriptor;
    demand(descriptor.isWritable && node.kind === 'file', Errno.badf);
    return descriptor as FileDescriptor & { readonly node: MemoryFile };
  }

  /** The lowest free number, as POSIX wants it; `EMFILE` when there is none. */
  add(descriptor: Descriptor): number {
    let fd = 0;
    while (this.#open.has(fd)) fd += 1;
    demand(fd < DESCRIPTORS_MAX, Errno.mfile);
    this.#open.set(fd, descriptor);
    if (descriptor.kind === 'file' && descriptor.node.kind === 'file') descriptor.node.openCount += 1;
    return fd;
  }

  close(fd: number): void {
    const descriptor = this.get(fd);
    this.#open.delete(fd);
    if (descriptor.kind !== 'file' || descriptor.node.kind !== 'file') return;
    descriptor.node.openCount -= 1;
    this.tree.release(descriptor.node);
  }

  renumber(from: number, to: number): void {
    const descriptor = this.get(from);
    this.get(to);
    if (from === to) return;
    this.close(to);
    this.#open.delete(from);
    this.#open.set(to, descriptor);
  }
}
