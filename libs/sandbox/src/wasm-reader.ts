import { MitoError } from '@mitosis/domain';

/** One section of a module: its id, and where its content lies. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export const SectionId = { custom: 0, import: 2, table: 4, memory: 5, export: 7, code: 10 } as const;

/** Custom sections included; programs have some twenty. */
const SECTIONS_MAX = 1_000;
/** Of any list that is kept: a program imports at most the functions of WASI and exports a handful. */
const LIST_MAX = 10_000;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const LEB_BYTES_MAX = 5;

export function malformed(message: string): MitoError {
  return new MitoError('invalid', 'wasm_malformed', `not a WebAssembly program: ${message}`);
}

/** `wasm_limit_exceeded`: the program has more of something than the sandbox takes. */
export function tooMany(what: string, has: number, cap: number): MitoError {
  return new MitoError('invalid', 'wasm_limit_exceeded', `the program has ${has} ${what}, ${cap} are allowed`, {
    details: { has, cap },
  });
}

/** Reads a module's bytes; everything read is checked to lie within `end`. */
export class WasmReader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
    readonly end = bytes.length,
  ) {}

  get isDone(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    const value = this.bytes[this.at];
    if (value === undefined || this.at >= this.end) throw malformed('it ends too early');
    this.at += 1;
    return value;
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let index = 0; index < LEB_BYTES_MAX; index += 1) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw malformed('a number is too large');
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw malformed('it ends too early');
    this.at += count;
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    try {
      return UTF8.decode(this.bytes.subarray(start, this.at));
    } catch (error) {
      throw new MitoError('invalid', 'wasm_malformed', 'a name in the program is not UTF-8', { cause: error });
    }
  }

  /** Reads `count` items; a count that can't fit is refused before anything is kept. */
  list<T>(read: () => T): T[] {
    const count = this.u32();
    if (count > this.end - this.at) throw malformed('a list is longer than its section');
    if (count > LIST_MAX) throw tooMany('entries in one list', count, LIST_MAX);
    return Array.from({ length: count }, read);
  }
}

/** The sections of a module in their order. Throws `wasm_malformed`. */
export function readSections(bytes: Uint8Array): Section[] {
  if (HEADER.some((byte, index) => bytes[index] !== byte)) {
    throw malformed('a core module (version 1) has to begin with \\0asm 1; components are not supported');
  }
  const reader = new WasmReader(bytes, HEADER.length);
  const sections: Section[] = [];
  const seen = new Set<number>([]);
  while (!reader.isDone) {
    if (sections.length === SECTIONS_MAX) throw tooMany('sections', sections.length + 1, SECTIONS_MAX);
    const id = reader.u8();
    const length = reader.u32();
    const start = reader.at;
    reader.skip(length);
    if (id !== SectionId.custom && seen.has(id)) throw malformed(`section ${id} occurs twice`);
    seen.add(id);
    sections.push({ id, start, end: reader.at });
  }
  return sections;
}

/** An unsigned LEB128 number, as bytes. */
export function encodeU32(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encodeU32(Math.floor(value / 128))];
}
