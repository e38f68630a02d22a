import { demand, Errno, WasiError } from './errno.js';

/** Names and paths as on Linux; the depth keeps what is written to a disk afterwards within PATH_MAX. */
export const NAME_MAX_BYTES = 255;
export const PATH_MAX_BYTES = 4096;
export const DEPTH_MAX = 32;

/** At most this many files and folders, inputs included. */
export const NODES_MAX = 8192;

interface NodeBase {
  readonly ino: bigint;
  mtimeNs: bigint;
}

/** A file that lives in this process. `content` may be longer than `sizeBytes`. */
export interface MemoryFile extends NodeBase {
  readonly kind: 'file';
  content: Uint8Array;
  sizeBytes: number;
  isLinked: boolean;
  openCount: number;
}

/** A file that the sandbox holds; its bytes are fetched as they are read. */
export interface InputFile extends NodeBase {
  readonly kind: 'input';
  readonly source: number;
  readonly sizeBytes: number;
}

export interface Folder extends NodeBase {
  readonly kind: 'folder';
  readonly entries: Map<string, FileNode>;
  readonly isReadOnly: boolean;
  parent: Folder | undefined;
}

export type FileNode = MemoryFile | InputFile | Folder;

/** Where a path leads: the folder that has or would have the name, and what is there now. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
  readonly node: FileNode | undefined;
}

function depthOf(folder: Folder): number {
  return folder.parent === undefined ? 0 : depthOf(folder.parent) + 1;
}

function heightOf(folder: Folder): number {
  const below = [...folder.entries.values()].map((node) => (node.kind === 'folder' ? heightOf(node) : 0));
  return 1 + below.reduce((highest, height) => Math.max(highest, height), 0);
}

function isWithin(folder: Folder | undefined, ancestor: Folder): boolean {
  return folder !== undefined && (folder === ancestor || isWithin(folder.parent, ancestor));
}

/** The guest's file system: a tree in memory, with a limit on its bytes and its entries. */
export class FileTree {
  readonly root: Folder;
  #nodes = 0;
  #bytes = 0;
  #nextIno = 1n;
  /** True once a write was refused for want of room. */
  isExhausted = false;

  constructor(
    private readonly limitBytes: number,
    private readonly nowNs: () => bigint,
  ) {
    this.root = this.#folder(undefined, false);
  }

  /** Finds `path` below `base`. A path that would leave `base` is refused (`ENOTCAPABLE`). */
  find(base: Folder, path: string): Place {
    demand(Buffer.byteLength(path) <= PATH_MAX_BYTES, Errno.nametoolong);
    demand(path !== '', Errno.noent);
    demand(!path.startsWith('/'), Errno.notcapable);
    demand(!path.includes('\0'), Errno.inval);
    let place: Place = { folder: base, name: '.', node: base };
    let current = base;
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      current = this.#folderAt(place);
      place = name === '..' ? this.#above(base, current) : this.#child(current, name);
    }
    if (path.endsWith('/')) demand(place.node === undefined || place.node.kind === 'folder', Errno.notdir);
    return place;
  }

  addFolder(parent: Folder, name: string, isReadOnly = parent.isReadOnly): Folder {
    demand(depthOf(parent) < DEPTH_MAX, Errno.nametoolong);
    this.#countNode();
    const folder = this.#folder(parent, isReadOnly);
    parent.entries.set(name, folder);
    return folder;
  }

  addFile(parent: Folder, name: string): MemoryFile {
    this.#countNode();
    const base = { ino: this.#nextIno++, mtimeNs: this.nowNs() };
    const content = new Uint8Array(0);
    const file: MemoryFile = { ...base, kind: 'file', content, sizeBytes: 0, isLinked: true, openCount: 0 };
    parent.entries.set(name, file);
    return file;
  }

  /** Adds an input file and the folders on its way; all of them are read-only. */
  addInput(parent: Folder, path: string, source: number, sizeBytes: number): void {
    const names = path.split('/');
    const last = names.pop() ?? '';
    let folder = parent;
    for (const name of names) {
      const next = folder.entries.get(name) ?? this.addFolder(folder, name);
      demand(next.kind === 'folder', Errno.notdir);
      folder = next;
    }
    demand(!folder.entries.has(last), Errno.exist);
    this.#countNode();
    folder.entries.set(last, { kind: 'input', ino: this.#nextIno++, mtimeNs: this.nowNs(), source, sizeBytes });
  }

  /** Takes an entry out of its folder; the room of a file is given back when nobody has it open. */
  remove(folder: Folder, name: string): void {
    const node = folder.entries.get(name);
    folder.entries.delete(name);
    if (node?.kind === 'file') {
      node.isLinked = false;
      this.release(node);
    } else {
      this.#nodes -= 1;
    }
  }

  /** Throws unless `node` may be put into `folder`: not into itself, not too deep. */
  demandMovable(node: FileNode, folder: Folder): void {
    if (node.kind !== 'folder') return;
    demand(!isWithin(folder, node), Errno.inval);
    demand(depthOf(folder) + heightOf(node) <= DEPTH_MAX, Errno.nametoolong);
  }

  /** Moves `node` to a free place. */
  move(from: Place, to: Place, node: FileNode): void {
    if (node.kind === 'folder') node.parent = to.folder;
    from.folder.entries.delete(from.name);
    to.folder.entries.set(to.name, node);
  }

  /** To be called when a file was unlinked or closed. */
  release(file: MemoryFile): void {
    if (file.isLinked || file.openCount > 0) return;
    this.#bytes -= file.content.length;
    file.content = new Uint8Array(0);
    this.#nodes -= 1;
  }

  /** Sets the size; new bytes are zero. `ENOSPC` when the tree would pass its limit. */
  resize(file: MemoryFile, sizeBytes: number): void {
    if (sizeBytes > file.content.length) this.#reserve(file, sizeBytes);
    else file.content.fill(0, sizeBytes, file.sizeBytes);
    file.sizeBytes = sizeBytes;
    file.mtimeNs = this.nowNs();
  }

  #reserve(file: MemoryFile, sizeBytes: number): void {
    const room = this.limitBytes - this.#bytes + file.content.length;
    if (sizeBytes > room) this.#exhaust();
    const capacity = Math.min(Math.max(sizeBytes, file.content.length * 2), room);
    const content = new Uint8Array(capacity);
    content.set(file.content.subarray(0, file.sizeBytes));
    this.#bytes += capacity - file.content.length;
    file.content = content;
  }

  #countNode(): void {
    if (this.#nodes >= NODES_MAX) this.#exhaust();
    this.#nodes += 1;
  }

  #exhaust(): never {
    this.isExhausted = true;
    throw new WasiError(Errno.nospc);
  }

  #folderAt(place: Place): Folder {
    demand(place.node !== undefined, Errno.noent);
    demand(place.node.kind === 'folder', Errno.notdir);
    return place.node;
  }

  #above(base: Folder, current: Folder): Place {
    demand(current !== base && current.parent !== undefined, Errno.notcapable);
    return { folder: current.parent, name: '.', node: current.parent };
  }

  #child(folder: Folder, name: string): Place {
    demand(Buffer.byteLength(name) <= NAME_MAX_BYTES, Errno.nametoolong);
    return { folder, name, node: folder.entries.get(name) };
  }

  #folder(parent: Folder | undefined, isReadOnly: boolean): Folder {
    const base = { ino: this.#nextIno++, mtimeNs: this.nowNs() };
    return { ...base, kind: 'folder', entries: new Map(), isReadOnly, parent };
  }
}
