import type { Descriptor } from './descriptors.js';
import type { FileNode } from './file-tree.js';
import type { GuestMemory } from './guest-memory.js';

/** File types of WASI preview 1. */
export const FileType = { unknown: 0, folder: 3, file: 4 } as const;

const STAT_BYTES = 64;
const FDSTAT_BYTES = 24;
const ALL_RIGHTS = 0x1fffffffn;
export const FLAG_APPEND = 1;

export function typeOfNode(node: FileNode): number {
  return node.kind === 'folder' ? FileType.folder : FileType.file;
}

/** The standard streams are of no known type: a C library then takes them for pipes, not terminals. */
function typeOf(descriptor: Descriptor): number {
  if (descriptor.kind === 'file') return FileType.file;
  return descriptor.kind === 'folder' ? FileType.folder : FileType.unknown;
}

/** Stores a `filestat`; without a node that of a pipe. */
export function storeStat(memory: GuestMemory, at: number, node: FileNode | undefined): void {
  memory.bytes(at, STAT_BYTES).fill(0);
  if (node === undefined) return;
  memory.setU64(at + 8, node.ino);
  memory.setU8(at + 16, typeOfNode(node));
  memory.setU64(at + 24, 1n);
  memory.setU64(at + 32, node.kind === 'folder' ? 0n : BigInt(node.sizeBytes));
  for (const field of [40, 48, 56]) memory.setU64(at + field, node.mtimeNs);
}

/** Stores an `fdstat`. Rights are not what protects anything here, so all of them are granted. */
export function storeFdstat(memory: GuestMemory, at: number, descriptor: Descriptor): void {
  memory.bytes(at, FDSTAT_BYTES).fill(0);
  memory.setU8(at, typeOf(descriptor));
  memory.setU16(at + 2, descriptor.kind === 'file' && descriptor.isAppending ? FLAG_APPEND : 0);
  memory.setU64(at + 8, ALL_RIGHTS);
  memory.setU64(at + 16, ALL_RIGHTS);
}
