/** Bytes from the beginning of a file that `archiveObjection` needs. */
export const ARCHIVE_HEAD_BYTES = 512;

const ASCII = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));
/** How other formats begin; what comes first wins. */
const OTHERS: readonly (readonly [name: string, begin: readonly number[]])[] = [
  ['a zip archive', ASCII('PK')],
  ['an archive compressed with xz', [0xfd, ...ASCII('7zXZ')]],
  ['an archive compressed with bzip2', ASCII('BZh')],
  ['an archive compressed with zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['an archive compressed with lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['an archive compressed with compress', [0x1f, 0x9d]],
  ['a 7z archive', [...ASCII('7z'), 0xbc, 0xaf, 0x27, 0x1c]],
  ['a rar archive', ASCII('Rar!')],
];
const ADVICE = 'make it with "tar -czf" and upload it again';

/** True when a file that begins so is compressed with gzip (RFC 1952, 2.3.1). */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Why a file that begins with `head` (its first 512 bytes, or all of it) can't be unpacked; undefined for
 * a tar archive and for one that is compressed with gzip. The content of gzip is not checked here.
 */
export function archiveObjection(head: Uint8Array): string | undefined {
  if (isGzip(head)) return undefined;
  if (head.length === 0) return `the file is empty; ${ADVICE}`;
  const other = OTHERS.find(([, begin]) => begin.every((byte, index) => head[index] === byte));
  if (other) return `not supported: ${other[0]}; ${ADVICE}`;
  return isTarHeader(head) ? undefined : `not supported: a file that is not a tar archive; ${ADVICE}`;
}

/** True for the header of a tar entry, or for the block of zeros that ends an archive without entries. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < 512) return false;
  const header = block.subarray(0, 512);
  if (header.every((byte) => byte === 0)) return true;
  const field = [...header.subarray(148, 156)].map((byte) => String.fromCharCode(byte)).join('');
  const digits = /^\s*([0-7]+)[\s\0]*$/.exec(field)?.[1];
  return digits !== undefined && Number.parseInt(digits, 8) === tarChecksum(header);
}

/** The sum of the bytes of a header, its checksum field taken as spaces (POSIX.1-2024, pax). */
export function tarChecksum(header: Uint8Array): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}
