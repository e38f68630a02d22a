import { MitoError } from './errors.js';
import type { ErrorKind } from './errors/catalogue-entry.js';
import { ERRORS, type ErrorCode } from './errors/error-catalogue.js';

/** What an error of the operating system carries, as Node.js throws it. */
interface SystemFacts {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
  readonly dest?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
}

interface Meaning {
  readonly reason: string;
  readonly remedy: string;
  readonly kind: ErrorKind;
  readonly name: string;
}

const mean = (name: ErrorCode, reason: string, remedy: string): Meaning => ({
  kind: ERRORS[name].kind as ErrorKind,
  name,
  reason,
  remedy,
});

const OTHER_PLACE = 'Choose another place, or change its permissions.';
const NO_ACCESS = mean('no_permission', 'permission denied', OTHER_PLACE);
const DISK_FULL = mean('disk_full', 'no space is left there', 'Make room, then try again.');
const MANY_FILES = mean('too_many_files', 'too many files are open', 'Raise the limit ("ulimit -n").');
const NO_ADDRESS = mean('address_unusable', 'this machine has no such address', 'Choose an address of this machine.');

const NO_HOST = mean('address_unusable', 'no address is known for it', 'Check the name, or write an address.');

const MEANINGS: Readonly<Record<string, Meaning>> = {
  EACCES: NO_ACCESS,
  EPERM: NO_ACCESS,
  EROFS: mean('not_writable', 'the file system is read-only', 'Choose another place.'),
  ENOENT: mean('file_not_found', 'there is no such file or folder', 'Check the path.'),
  EISDIR: mean('is_folder', 'it is a folder', 'Name a file, or remove the folder.'),
  ENOTDIR: mean('not_a_folder', 'a part of the path is a file, not a folder', 'Choose another place.'),
  EEXIST: mean('file_exists', 'something of that name exists', 'Remove it, or choose another name.'),
  ENOTEMPTY: mean('folder_not_empty', 'the folder is not empty', 'Empty it, or choose another one.'),
  ENAMETOOLONG: mean('name_too_long', 'the name is too long', 'Choose a shorter one.'),
  EINVAL: mean('invalid_path', 'the system refuses this', 'Check the path.'),
  ELOOP: mean('invalid_path', 'too many symbolic links', 'Check the path.'),
  EXDEV: mean('invalid_path', 'it lies on another file system', 'Choose another place.'),
  ENXIO: mean('invalid_path', 'nothing responds behind it', 'Name an ordinary file.'),
  ETXTBSY: mean('file_busy', 'it is being executed', 'Try again later.'),
  EBUSY: mean('file_busy', 'it is in use', 'Try again later.'),
  ENOSPC: DISK_FULL,
  EDQUOT: { ...DISK_FULL, reason: 'the disk quota is used up' },
  EFBIG: mean('file_too_large', 'the file would be too large', 'Choose another file system.'),
  EIO: mean('disk_failed', 'the device reports an error', 'Check the disk.'),
  EMFILE: MANY_FILES,
  ENFILE: MANY_FILES,
  ENOMEM: mean('out_of_memory', 'memory is exhausted', 'End other programs, then try again.'),
  EAGAIN: mean('too_many_processes', 'a limit of the system is reached', 'Try again later.'),
  EPIPE: mean('reader_gone', 'nobody reads it', 'Keep its reader running.'),
  EADDRINUSE: mean('port_in_use', 'the port is already in use', 'Choose another port.'),
  EADDRNOTAVAIL: NO_ADDRESS,
  EAFNOSUPPORT: NO_ADDRESS,
  ENOTFOUND: NO_HOST,
  EAI_AGAIN: NO_HOST,
};

const ACTIONS: Readonly<Record<string, string>> = {
  open: 'opened',
  read: 'read',
  stat: 'read',
  lstat: 'read',
  readlink: 'read',
  scandir: 'read',
  opendir: 'read',
  write: 'written',
  writev: 'written',
  fsync: 'written',
  ftruncate: 'written',
  mkdir: 'created',
  mkdtemp: 'created',
  symlink: 'created',
  link: 'created',
  copyfile: 'copied',
  rename: 'put in place',
  unlink: 'removed',
  rm: 'removed',
  rmdir: 'removed',
  chmod: 'given its permissions',
  chown: 'given its owner',
  utime: 'given its time',
};

function factsOf(error: unknown): SystemFacts | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' && typeof error.syscall === 'string'
    ? (error as unknown as SystemFacts)
    : undefined;
}

/** What an error says about: a file, an address, a program. */
function subjectOf({ syscall, path, dest, address, port, hostname }: SystemFacts): string {
  if (syscall === 'getaddrinfo') return `The name ${hostname ?? ''} can't be looked up`;
  if (syscall === 'uv_cwd') return "The current folder can't be used";
  if (syscall === 'listen' || syscall === 'bind')
    return `Port ${port ?? ''} of ${address ?? 'this machine'} can't be used`;
  if (syscall.startsWith('spawn')) return `The program ${path ?? syscall.replace(/^spawn /, '')} can't be started`;
  const place = [path, ...(dest === undefined ? [] : [dest])].filter(Boolean).join(' → ');
  return `${place || 'The output'} can't be ${ACTIONS[syscall] ?? `used (${syscall})`}`;
}

/**
 * An error of the operating system about a file, a port or a program as one sentence for a person: what
 * can't be done, why, and what to do. A {@link MitoError} is returned as it is; undefined for anything
 * else, which is a bug.
 */
export function systemError(error: unknown): MitoError | undefined {
  if (error instanceof MitoError) return error;
  const facts = factsOf(error);
  const meaning = facts && MEANINGS[facts.code];
  if (!facts || !meaning) return undefined;
  const { kind, name, reason, remedy } = meaning;
  const message = `${subjectOf(facts)}: ${reason} (${facts.code}). ${remedy}`;
  const details = {
    ...(facts.path !== undefined && { path: facts.path }),
    ...(facts.port !== undefined && { port: facts.port }),
  };
  return new MitoError(kind, name, message, { cause: error, details });
}
