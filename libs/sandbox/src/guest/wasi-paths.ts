import { demand, Errno, WasiError } from './errno.js';
import type { FileNode, Place } from './file-tree.js';
import type { GuestFiles } from './wasi-descriptors.js';
import type { WasiHost } from './wasi-functions.js';
import { FLAG_APPEND, storeStat } from './wasi-stat.js';

type PathFunctions = Pick<WasiHost, Extract<keyof WasiHost, `path_${string}`>>;

const CREATE = 1;
const DIRECTORY = 2;
const EXCLUSIVE = 4;
const TRUNCATE = 8;
const RIGHT_WRITE = 1n << 6n;

function demandWritable({ folder, name }: Place): void {
  demand(name !== '.', Errno.inval);
  demand(!folder.isReadOnly, Errno.rofs);
}

function demandNode(node: FileNode | undefined): FileNode {
  demand(node !== undefined, Errno.noent);
  return node;
}

/** Finds or creates what is to be opened. */
function nodeToOpen(files: GuestFiles, place: Place, flags: number): FileNode {
  if (place.node !== undefined) {
    demand((flags & EXCLUSIVE) === 0 || (flags & CREATE) === 0, Errno.exist);
    return place.node;
  }
  demand((flags & CREATE) !== 0, Errno.noent);
  demand((flags & DIRECTORY) === 0, Errno.inval);
  demandWritable(place);
  return files.tree.addFile(place.folder, place.name);
}

interface OpenMode {
  readonly flags: number;
  readonly isWritable: boolean;
  readonly isAppending: boolean;
}

function openNode(files: GuestFiles, node: FileNode, { flags, isWritable, isAppending }: OpenMode): number {
  if (node.kind === 'folder') {
    demand((flags & (CREATE | TRUNCATE)) === 0, Errno.isdir);
    return files.descriptors.add({ kind: 'folder', node, listing: [] });
  }
  demand((flags & DIRECTORY) === 0, Errno.notdir);
  if (node.kind === 'input') demand((flags & TRUNCATE) === 0, Errno.rofs);
  const isFile = node.kind === 'file';
  const fd = files.descriptors.add({ kind: 'file', node, isWritable: isFile && isWritable, position: 0, isAppending });
  if (isFile && (flags & TRUNCATE) !== 0) files.tree.resize(node, 0);
  return fd;
}

function openingFunctions(files: GuestFiles) {
  const { memory, tree, descriptors } = files;
  return {
    path_open(
      fd: number,
      _lookup: number,
      path: number,
      length: number,
      flags: number,
      rights: bigint,
      _inheriting: bigint,
      fdFlags: number,
      result: number,
    ) {
      const place = tree.find(descriptors.folder(fd).node, memory.text(path, length));
      memory.u32(result);
      const isAppending = (fdFlags & FLAG_APPEND) !== 0;
      const mode = { flags, isWritable: (rights & RIGHT_WRITE) !== 0n, isAppending };
      memory.setU32(result, openNode(files, nodeToOpen(files, place, flags), mode));
      return Errno.success;
    },
    path_filestat_get(fd: number, _lookup: number, path: number, length: number, result: number) {
      const place = tree.find(descriptors.folder(fd).node, memory.text(path, length));
      storeStat(memory, result, demandNode(place.node));
      return Errno.success;
    },
    path_filestat_set_times(fd: number, _lookup: number, path: number, length: number) {
      demandNode(tree.find(descriptors.folder(fd).node, memory.text(path, length)).node);
      return Errno.success;
    },
  };
}

/** What already has the new name must be of the same sort, and a folder must be empty. */
function makeWay(files: GuestFiles, to: Place, moved: FileNode): void {
  if (to.node === undefined) return;
  if (moved.kind === 'folder') {
    demand(to.node.kind === 'folder', Errno.notdir);
    demand(to.node.entries.size === 0, Errno.notempty);
  } else if (to.node.kind === 'folder') throw new WasiError(Errno.isdir);
  files.tree.remove(to.folder, to.name);
}

function changingFunctions(files: GuestFiles) {
  const { memory, tree, descriptors } = files;
  const placeAt = (fd: number, path: number, length: number) =>
    tree.find(descriptors.folder(fd).node, memory.text(path, length));
  return {
    path_create_directory(fd: number, path: number, length: number) {
      const place = placeAt(fd, path, length);
      demand(place.node === undefined, Errno.exist);
      demandWritable(place);
      tree.addFolder(place.folder, place.name);
      return Errno.success;
    },
    path_remove_directory(fd: number, path: number, length: number) {
      const place = placeAt(fd, path, length);
      const node = demandNode(place.node);
      demand(node.kind === 'folder', Errno.notdir);
      demandWritable(place);
      demand(!node.isReadOnly, Errno.rofs);
      demand(node.entries.size === 0, Errno.notempty);
      tree.remove(place.folder, place.name);
      return Errno.success;
    },
    path_unlink_file(fd: number, path: number, length: number) {
      const place = placeAt(fd, path, length);
      if (demandNode(place.node).kind === 'folder') throw new WasiError(Errno.isdir);
      demandWritable(place);
      tree.remove(place.folder, place.name);
      return Errno.success;
    },
    path_rename(fd: number, path: number, length: number, newFd: number, newPath: number, newLength: number) {
      const [from, to] = [placeAt(fd, path, length), placeAt(newFd, newPath, newLength)];
      const node = demandNode(from.node);
      demandWritable(from);
      demandWritable(to);
      if (node.kind === 'folder') demand(!node.isReadOnly, Errno.rofs);
      if (to.node === node) return Errno.success;
      tree.demandMovable(node, to.folder);
      makeWay(files, to, node);
      tree.move(from, to, node);
      return Errno.success;
    },
  };
}

/** Everything that works on a path. There are no links of either sort, so no path can lead astray. */
export function pathFunctions(files: GuestFiles): PathFunctions {
  return {
    ...openingFunctions(files),
    ...changingFunctions(files),
    path_link: () => Errno.notsup,
    path_symlink: () => Errno.notsup,
    path_readlink: () => Errno.inval,
  };
}
