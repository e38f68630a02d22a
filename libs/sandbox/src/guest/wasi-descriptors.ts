import { Descriptors, type Descriptor, type FileDescriptor, type FolderDescriptor } from './descriptors.js';
import { demand, Errno, WasiError } from './errno.js';
import type { FileTree, MemoryFile } from './file-tree.js';
import { STDIN_SOURCE } from './frame.js';
import type { GuestMemory } from './guest-memory.js';
import type { InputReader } from './input-reader.js';
import type { WasiHost } from './wasi-functions.js';
import { FLAG_APPEND, storeFdstat, storeStat, typeOfNode } from './wasi-stat.js';

/** What the descriptor functions work on. */
export interface GuestFiles {
  readonly memory: GuestMemory;
  readonly tree: FileTree;
  readonly descriptors: Descriptors;
  readonly inputs: InputReader;
  /** Takes output; throws when there was too much of it. */
  readonly output: (stream: 1 | 2, bytes: Uint8Array) => void;
}

type DescriptorFunctions = Pick<WasiHost, Extract<keyof WasiHost, `fd_${string}`>>;

const PRESTAT_DIR = 0;
const ROOT_NAME = Buffer.from('/');
const DIRENT_BYTES = 24;

/** An offset or size in a file, as far as a double holds it exactly. */
export function toOffset(value: bigint): number {
  const offset = BigInt.asIntN(64, value);
  demand(offset >= 0n, Errno.inval);
  demand(offset <= BigInt(Number.MAX_SAFE_INTEGER), Errno.fbig);
  return Number(offset);
}

function readAt(files: GuestFiles, { node }: FileDescriptor, offset: number, target: Uint8Array): number {
  if (node.kind === 'input') return files.inputs.read(node.source, offset, target);
  const part = node.content.subarray(offset, Math.min(offset + target.length, node.sizeBytes));
  target.set(part);
  return part.length;
}

/** Fills the buffers in order, until one comes back short. */
function readAll(targets: readonly Uint8Array[], read: (target: Uint8Array, done: number) => number): number {
  let done = 0;
  for (const target of targets) {
    const count = read(target, done);
    done += count;
    if (count < target.length) break;
  }
  return done;
}

function readVectors(files: GuestFiles, descriptor: Descriptor, targets: readonly Uint8Array[]): number {
  if (descriptor.kind === 'folder') throw new WasiError(Errno.isdir);
  demand(descriptor.kind !== 'output', Errno.badf);
  const start = descriptor.position;
  const count = readAll(targets, (target, done) =>
    descriptor.kind === 'stdin'
      ? files.inputs.read(STDIN_SOURCE, start + done, target)
      : readAt(files, descriptor, start + done, target),
  );
  descriptor.position += count;
  return count;
}

function writeAt(tree: FileTree, file: MemoryFile, offset: number, sources: readonly Uint8Array[]): number {
  const total = sources.reduce((sum, source) => sum + source.length, 0);
  if (total > 0 && offset + total > file.sizeBytes) tree.resize(file, offset + total);
  let at = offset;
  for (const source of sources) {
    file.content.set(source, at);
    at += source.length;
  }
  return total;
}

function writeVectors(files: GuestFiles, fd: number, sources: readonly Uint8Array[]): number {
  const descriptor = files.descriptors.get(fd);
  if (descriptor.kind === 'output') {
    for (const source of sources) files.output(descriptor.stream, source);
    return sources.reduce((sum, source) => sum + source.length, 0);
  }
  demand(descriptor.kind !== 'stdin', Errno.badf);
  const file = files.descriptors.writableFile(fd);
  if (file.isAppending) file.position = file.node.sizeBytes;
  const count = writeAt(files.tree, file.node, file.position, sources);
  file.position += count;
  return count;
}

function seek(file: FileDescriptor, offset: bigint, whence: number): bigint {
  const origins = [0n, BigInt(file.position), BigInt(file.node.sizeBytes)];
  const origin = origins[whence];
  demand(origin !== undefined, Errno.inval);
  file.position = toOffset(origin + BigInt.asIntN(64, offset));
  return BigInt(file.position);
}

/** One `dirent` with its name, as bytes. */
function dirent(name: string, ino: bigint, type: number, next: number): Buffer {
  const label = Buffer.from(name);
  const entry = Buffer.alloc(DIRENT_BYTES + label.length);
  entry.writeBigUInt64LE(BigInt(next), 0);
  entry.writeBigUInt64LE(ino, 8);
  entry.writeUInt32LE(label.length, 16);
  entry.writeUInt8(type, 20);
  label.copy(entry, DIRENT_BYTES);
  return entry;
}

/** Fills `target` with entries from number `cookie` on; the last one may be cut, as WASI has it. */
function list(folder: FolderDescriptor, cookie: number, target: Uint8Array): number {
  if (cookie === 0) folder.listing = [['.', folder.node], ['..', folder.node], ...folder.node.entries];
  let used = 0;
  for (let index = cookie; index < folder.listing.length && used < target.length; index += 1) {
    const [name, node] = folder.listing[index] ?? ['', folder.node];
    const entry = dirent(name, node.ino, typeOfNode(node), index + 1).subarray(0, target.length - used);
    target.set(entry, used);
    used += entry.length;
  }
  return used;
}

function readingFunctions(files: GuestFiles) {
  const { memory, descriptors } = files;
  return {
    fd_read(fd: number, vectors: number, count: number, result: number) {
      memory.setU32(result, readVectors(files, descriptors.get(fd), memory.vectors(vectors, count)));
      return Errno.success;
    },
    fd_pread(fd: number, vectors: number, count: number, offset: bigint, result: number) {
      const [file, start] = [descriptors.file(fd), toOffset(offset)];
      const read = (target: Uint8Array, done: number) => readAt(files, file, start + done, target);
      memory.setU32(result, readAll(memory.vectors(vectors, count), read));
      return Errno.success;
    },
    fd_readdir(fd: number, buffer: number, length: number, cookie: bigint, result: number) {
      const used = list(descriptors.folder(fd), toOffset(cookie), memory.bytes(buffer, length));
      memory.setU32(result, used);
      return Errno.success;
    },
    fd_seek(fd: number, offset: bigint, whence: number, result: number) {
      memory.setU64(result, seek(descriptors.file(fd), offset, whence));
      return Errno.success;
    },
    fd_tell(fd: number, result: number) {
      memory.setU64(result, BigInt(descriptors.file(fd).position));
      return Errno.success;
    },
  };
}

function writingFunctions(files: GuestFiles) {
  const { memory, descriptors, tree } = files;
  return {
    fd_write(fd: number, vectors: number, count: number, result: number) {
      memory.setU32(result, writeVectors(files, fd, memory.vectors(vectors, count)));
      return Errno.success;
    },
    fd_pwrite(fd: number, vectors: number, count: number, offset: bigint, result: number) {
      const { node } = descriptors.writableFile(fd);
      memory.setU32(result, writeAt(tree, node, toOffset(offset), memory.vectors(vectors, count)));
      return Errno.success;
    },
    fd_allocate(fd: number, offset: bigint, length: bigint) {
      const { node } = descriptors.writableFile(fd);
      const end = toOffset(offset) + toOffset(length);
      if (end > node.sizeBytes) tree.resize(node, end);
      return Errno.success;
    },
    fd_filestat_set_size(fd: number, size: bigint) {
      tree.resize(descriptors.writableFile(fd).node, toOffset(size));
      return Errno.success;
    },
  };
}

function statusFunctions({ memory, descriptors }: GuestFiles) {
  const known = (fd: number) => {
    descriptors.get(fd);
    return Errno.success;
  };
  return {
    fd_fdstat_get(fd: number, result: number) {
      storeFdstat(memory, result, descriptors.get(fd));
      return Errno.success;
    },
    fd_fdstat_set_flags(fd: number, flags: number) {
      const descriptor = descriptors.get(fd);
      if (descriptor.kind === 'file') descriptor.isAppending = (flags & FLAG_APPEND) !== 0;
      return Errno.success;
    },
    fd_filestat_get(fd: number, result: number) {
      const descriptor = descriptors.get(fd);
      storeStat(memory, result, 'node' in descriptor ? descriptor.node : undefined);
      return Errno.success;
    },
    fd_prestat_get(fd: number, result: number) {
      demand(fd === Descriptors.ROOT && descriptors.get(fd).kind === 'folder', Errno.badf);
      memory.setU32(result, PRESTAT_DIR);
      memory.setU32((result >>> 0) + 4, ROOT_NAME.length);
      return Errno.success;
    },
    fd_prestat_dir_name(fd: number, buffer: number, length: number) {
      demand(fd === Descriptors.ROOT, Errno.badf);
      demand(length >>> 0 >= ROOT_NAME.length, Errno.nametoolong);
      memory.bytes(buffer, ROOT_NAME.length).set(ROOT_NAME);
      return Errno.success;
    },
    fd_close(fd: number) {
      descriptors.close(fd);
      return Errno.success;
    },
    fd_renumber(from: number, to: number) {
      descriptors.renumber(from, to);
      return Errno.success;
    },
    fd_advise: known,
    fd_datasync: known,
    fd_sync: known,
    fd_fdstat_set_rights: known,
    fd_filestat_set_times: known,
  };
}

/** Everything that works on a descriptor. */
export function descriptorFunctions(files: GuestFiles): DescriptorFunctions {
  return { ...readingFunctions(files), ...writingFunctions(files), ...statusFunctions(files) };
}
