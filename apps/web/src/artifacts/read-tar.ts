/** A file of an archive; its bytes only when it is small enough to be shown. */
export interface TarEntry {
  readonly path: string;
  readonly size: number;
  readonly bytes: Uint8Array | undefined;
}

const BLOCK = 512;
/** Files beyond this are listed and not kept. */
export const KEPT_BYTES = 5 * 2 ** 20;

/** Reads exact numbers of bytes from a stream. */
class ByteReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private chunk = new Uint8Array(0);
  private at = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.reader = stream.getReader();
  }

  /** Undefined at the end of the stream. With `isKept` false the bytes are skipped. */
  async take(length: number, isKept = true): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(isKept ? length : 0);
    for (let filled = 0; filled < length;) {
      if (this.at === this.chunk.length && !(await this.more())) return undefined;
      const taken = Math.min(length - filled, this.chunk.length - this.at);
      if (isKept) bytes.set(this.chunk.subarray(this.at, this.at + taken), filled);
      this.at += taken;
      filled += taken;
    }
    return bytes;
  }

  cancel(): void {
    void this.reader.cancel().catch(() => undefined);
  }

  private async more(): Promise<boolean> {
    const { done, value } = await this.reader.read();
    if (done) return false;
    this.chunk = value as Uint8Array<ArrayBuffer>;
    this.at = 0;
    return true;
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\0.*$/s, '');

function numberOf(field: Uint8Array): number {
  // Beyond 8 GiB: base 256, marked by the first bit.
  if (((field[0] ?? 0) & 0x80) !== 0)
    return field.reduce((sum, byte, at) => sum * 256 + (at === 0 ? byte & 0x7f : byte), 0);
  return parseInt(text(field).trim() || '0', 8);
}

/** `27 path=some name\n` of a pax header, by name. */
function paxFields(bytes: Uint8Array): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const length = Number(new TextDecoder().decode(bytes.subarray(at, space)));
    if (space === -1 || !(length > 0)) break;
    const record = new TextDecoder().decode(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    // parsing: up to the first equals sign
    fields.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return fields;
}

/** The files of a tar archive, in their order, until `isEnough`. Takes gzip by its first bytes. */
export async function readTar(
  stream: ReadableStream<Uint8Array>,
  onEntry: (entry: TarEntry) => boolean,
): Promise<void> {
  const reader = new ByteReader(stream);
  let pax = new Map<string, string>();
  let longName: string | undefined;
  for (let header = await reader.take(BLOCK); header !== undefined; header = await reader.take(BLOCK)) {
    if (header.every((byte) => byte === 0)) break;
    const type = String.fromCharCode(header[156] ?? 0);
    const size = Number(pax.get('size') ?? numberOf(header.subarray(124, 136)));
    if (!(size >= 0)) throw new Error('This archive can not be read here; download it.');
    const isFile = type === '0' || type === '\0';
    const isKept = (isFile && size <= KEPT_BYTES) || ((type === 'x' || type === 'L') && size <= 2 ** 20);
    const bytes = await reader.take(size, isKept);
    await reader.take((BLOCK - (size % BLOCK)) % BLOCK, false);
    if (bytes === undefined) throw new Error('The archive ends in the middle of a file.');
    if (type === 'x') pax = paxFields(bytes);
    else if (type === 'L') longName = text(bytes);
    else {
      const prefix = text(header.subarray(345, 500));
      const name = pax.get('path') ?? longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header.subarray(0, 100));
      pax = new Map();
      longName = undefined;
      if (isFile && !onEntry({ path: name.replace(/^\.\//, ''), size, bytes: isKept ? bytes : undefined })) break;
    }
  }
  reader.cancel();
}
