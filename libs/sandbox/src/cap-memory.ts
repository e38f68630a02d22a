import { MitoError } from '@mitosis/domain';
import { encodeCapped, readLimits, readTable } from './wasm-limits.js';
import { encodeU32, readSections, SectionId, WasmReader, type Section } from './wasm-reader.js';

/** At most this many tables, each with at most this many entries. */
export const TABLES_MAX = 16;
export const TABLE_ENTRIES_MAX = 100_000;

function tooLarge(what: string, has: number, cap: number): MitoError {
  return new MitoError('invalid', 'wasm_limit_exceeded', `the program asks for ${has} ${what}, ${cap} are allowed`, {
    details: { has, cap },
  });
}

/** A list of capped entries as the content of its section. */
function encodeList(entries: readonly number[][]): Uint8Array {
  return Uint8Array.from([...encodeU32(entries.length), ...entries.flat()]);
}

function cappedMemories(reader: WasmReader, pages: number): Uint8Array {
  const memories = reader.list(() => readLimits(reader));
  for (const { initial } of memories) if (initial > pages) throw tooLarge('memory pages', initial, pages);
  return encodeList(memories.map((limits) => encodeCapped(limits, pages)));
}

function cappedTables(reader: WasmReader): Uint8Array {
  const tables = reader.list(() => readTable(reader));
  if (tables.length > TABLES_MAX) throw tooLarge('tables', tables.length, TABLES_MAX);
  for (const { limits } of tables) {
    if (limits.initial > TABLE_ENTRIES_MAX) throw tooLarge('table entries', limits.initial, TABLE_ENTRIES_MAX);
  }
  return encodeList(tables.map((table) => table.encodeCapped(TABLE_ENTRIES_MAX)));
}

function cappedContent(bytes: Uint8Array, { id, start, end }: Section, pages: number): Uint8Array {
  const reader = new WasmReader(bytes, start, end);
  if (id === SectionId.memory) return cappedMemories(reader, pages);
  if (id === SectionId.table) return cappedTables(reader);
  return bytes.subarray(start, end);
}

/**
 * The program with the maximum of its memory lowered to `pages` (of 64 KiB) and that of its tables
 * to {@link TABLE_ENTRIES_MAX}: the engine then refuses to grow them further. Throws
 * `wasm_limit_exceeded` when it asks for more to begin with, and `wasm_malformed`.
 */
export function capMemory(bytes: Uint8Array, pages: number): Uint8Array {
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  for (const section of readSections(bytes)) {
    const content = cappedContent(bytes, section, pages);
    parts.push(Uint8Array.from([section.id, ...encodeU32(content.length)]), content);
  }
  return Buffer.concat(parts);
}
