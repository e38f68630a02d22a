import { tarChecksum } from '@mitosis/domain';
import { secondsText } from './archive-rules.js';

/** What is written for one entry. */
export interface TarHeader {
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link';
  readonly size: number;
  readonly mode: number;
  /** In nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly target?: string;
}

export const BLOCK_BYTES = 512;
/** Where a tar archive ends (POSIX.1-2024, pax, "ustar Interchange Format"). */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK_BYTES);

const TYPE_FLAGS = { file: '0', folder: '5', link: '2' } as const;
const NAME_BYTES = 100;
/** What eleven octal digits can hold. */
const OCTAL_MAX = 8 ** 11 - 1;

/**
 * The header of an entry: ustar, preceded by a pax header when that can't hold it (long or other than
 * ASCII names, sizes over 8 GiB, times with a fraction, before 1970 or after 2242). Written here, not by
 * the `tar` package: that one throws for times before 1970 with a fraction, and strips `C:` from names.
 */
export function tarHeader(entry: TarHeader): Buffer {
  const path = entry.type === 'folder' ? `${entry.path}/` : entry.path;
  const mtime = Number(entry.mtime / 1_000_000_000n);
  const time = secondsText(entry.mtime);
  const { target = '' } = entry;
  const records = [
    ...(isPlain(path) ? [] : [paxRecord('path', path)]),
    ...(isPlain(target) ? [] : [paxRecord('linkpath', target)]),
    ...(isOctal(entry.size) ? [] : [paxRecord('size', String(entry.size))]),
    ...(/^\d+$/.test(time) && isOctal(mtime) ? [] : [paxRecord('mtime', time)]),
  ];
  const block = ustar({ ...entry, path, mtime, flag: TYPE_FLAGS[entry.type], target });
  if (records.length === 0) return block;
  const body = Buffer.concat(records);
  const pax = ustar({ path: 'PaxHeader', flag: 'x', size: body.length, mode: 0o644, mtime: 0, target: '' });
  return Buffer.concat([pax, body, padding(body.length), block]);
}

/** Fills the last block of `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

type Ustar = Omit<TarHeader, 'type' | 'mtime'> & { readonly flag: string; readonly mtime: number };

function ustar({ path, mode, size, mtime, flag, target = '' }: Ustar): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  Buffer.from(path).copy(block, 0, 0, NAME_BYTES);
  block.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, 'latin1');
  block.write(`${octal(size, 11)}\0${octal(mtime, 11)}\0`, 124, 'latin1');
  block.write(flag, 156, 'latin1');
  Buffer.from(target).copy(block, 157, 0, NAME_BYTES);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(`${octal(tarChecksum(block), 6)}\0 `, 148, 'latin1');
  return block;
}

/** What a field can't hold stands in the pax header, and is 0 here. */
function octal(value: number, digits: number): string {
  return (isOctal(value) ? value : 0).toString(8).padStart(digits, '0');
}

function isOctal(value: number): boolean {
  return value >= 0 && value <= OCTAL_MAX;
}

/** Short enough, and ASCII. */
function isPlain(name: string): boolean {
  return name.length <= NAME_BYTES && Buffer.byteLength(name) === name.length;
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
