import { encodeU32, malformed, type WasmReader } from './wasm-reader.js';

/** The limits of a memory (in pages of 64 KiB) or of a table (in entries). */
export interface Limits {
  readonly initial: number;
  readonly maximum: number | undefined;
}

const HAS_MAXIMUM = 1;

/** Reads `limits`; shared and 64-bit memories are refused. */
export function readLimits(reader: WasmReader): Limits {
  const flags = reader.u8();
  if ((flags & ~HAS_MAXIMUM) !== 0) throw malformed('shared and 64-bit memories and tables are not supported');
  const initial = reader.u32();
  return { initial, maximum: flags === HAS_MAXIMUM ? reader.u32() : undefined };
}

/** The bytes of `limits` with a maximum of at most `cap`. */
export function encodeCapped({ initial, maximum }: Limits, cap: number): number[] {
  return [HAS_MAXIMUM, ...encodeU32(initial), ...encodeU32(Math.min(maximum ?? cap, cap))];
}

/** One table: its type as bytes, its limits, and the bytes of its initialiser if it has one. */
export interface Table {
  readonly limits: Limits;
  readonly encodeCapped: (cap: number) => number[];
}

const FUNCREF = 0x70;
const EXTERNREF = 0x6f;

/** Reads a table of function or external references; other kinds belong to proposals not served here. */
export function readTable(reader: WasmReader): Table {
  const type = reader.u8();
  if (type !== FUNCREF && type !== EXTERNREF) throw malformed('a table of this type is not supported');
  const limits = readLimits(reader);
  return { limits, encodeCapped: (cap) => [type, ...encodeCapped(limits, cap)] };
}
