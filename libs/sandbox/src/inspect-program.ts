import { cutText, MitoError } from '@mitosis/domain';
import { capMemory } from './cap-memory.js';
import { WASI_FUNCTIONS, WASI_MODULE } from './guest/wasi-functions.js';
import { readLimits, readTable, type Limits } from './wasm-limits.js';
import { malformed, readSections, SectionId, tooMany, WasmReader } from './wasm-reader.js';

/** The largest program that is taken. */
export const PROGRAM_LIMIT_BYTES = 32 * 1024 * 1024;

/** The most that a 32-bit memory can have. */
const PAGES_MAX = 65_536;

/**
 * The engine compiles function by function, outside of the memory limit of the program; what it takes grows with the
 * nesting of one function, and so with its size. The largest functions of interpreters have a quarter of this.
 */
const FUNCTION_BYTES_MAX = 524_288;
const FUNCTIONS_MAX = 250_000;
/**
 * For each open block of a function the engine keeps something of every local: both together are what compiling takes.
 */
const LOCALS_MAX = 10_000;

/** An error lists at most this many names, of at most this many characters. */
const NAMES_MAX = 100;
const NAME_SHOWN_MAX = 100;

/** What is known of a program without running it. */
export interface ProgramInfo {
  readonly sizeBytes: number;
  /** The functions of WASI preview 1 that it imports. */
  readonly imports: readonly string[];
  /** Pages of 64 KiB; `maximumPages` is null when the program sets none. */
  readonly memory: { readonly initialPages: number; readonly maximumPages: number | null };
}

interface ImportEntry {
  readonly module: string;
  readonly name: string;
  readonly kind: string;
}

const KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;
const ALLOWED: ReadonlySet<string> = new Set(WASI_FUNCTIONS);

function skipImportType(reader: WasmReader, kind: (typeof KINDS)[number]): void {
  if (kind === 'function') reader.u32();
  if (kind === 'table') readTable(reader);
  if (kind === 'memory') readLimits(reader);
  if (kind === 'global') reader.skip(2);
  if (kind === 'tag') {
    reader.skip(1);
    reader.u32();
  }
}

function readImport(reader: WasmReader): ImportEntry {
  const [module, name, code] = [reader.name(), reader.name(), reader.u8()];
  const kind = KINDS[code];
  if (kind === undefined) throw malformed(`an import of unknown kind ${code}`);
  skipImportType(reader, kind);
  return { module, name, kind };
}

/** A name from a program of unknown origin, fit to be printed. */
function shown(name: string): string {
  return cutText(name, NAME_SHOWN_MAX).replace(/\p{C}/gu, '\ufffd');
}

function demandAllowed(imports: readonly ImportEntry[]): void {
  const forbidden = imports.filter(
    ({ module, name, kind }) => module !== WASI_MODULE || kind !== 'function' || !ALLOWED.has(name),
  );
  if (forbidden.length === 0) return;
  const names = forbidden
    .slice(0, NAMES_MAX)
    .map(({ module, name, kind }) => `${shown(module)}.${shown(name)} (${kind})`);
  if (forbidden.length > NAMES_MAX) names.push(`and ${forbidden.length - NAMES_MAX} more`);
  throw new MitoError(
    'invalid',
    'wasm_forbidden_import',
    `the program imports what a sandboxed program may not have: ${names.join(', ')}`,
    { details: { imports: names } },
  );
}

function demandExports(reader: WasmReader): void {
  const exports = reader.list(() => {
    const [name, kind] = [reader.name(), KINDS[reader.u8()]];
    reader.u32();
    return `${name} (${kind ?? 'unknown'})`;
  });
  const missing = ['_start (function)', 'memory (memory)'].filter((wanted) => !exports.includes(wanted));
  if (missing.length === 0) return;
  throw new MitoError(
    'invalid',
    'wasm_missing_export',
    `the program is not a WASI command, it does not export ${missing.join(' and ')}`,
    { details: { exports: missing } },
  );
}

function demandSmallFunctions(reader: WasmReader): void {
  const count = reader.u32();
  if (count > FUNCTIONS_MAX) throw tooMany('functions', count, FUNCTIONS_MAX);
  for (let index = 0; index < count; index += 1) {
    const bytes = reader.u32();
    if (bytes > FUNCTION_BYTES_MAX) throw tooMany(`bytes in its function ${index}`, bytes, FUNCTION_BYTES_MAX);
    demandFewLocals(new WasmReader(reader.bytes, reader.at, reader.end), index);
    reader.skip(bytes);
  }
}

/** A body begins with its locals: a count and a type for each run of them. */
function demandFewLocals(body: WasmReader, index: number): void {
  const groups = body.u32();
  if (groups > LOCALS_MAX) throw tooMany(`lists of locals in its function ${index}`, groups, LOCALS_MAX);
  let locals = 0;
  for (let group = 0; group < groups; group += 1) {
    locals += body.u32();
    if (locals > LOCALS_MAX) throw tooMany(`locals in its function ${index}`, locals, LOCALS_MAX);
    skipValueType(body);
  }
}

/** One byte, but for references, which name the type that they are of. */
function skipValueType(reader: WasmReader): void {
  const isReference = [0x63, 0x64].includes(reader.u8());
  if (isReference) reader.u32();
}

function demandOneMemory(memories: readonly Limits[]): Limits {
  const [memory] = memories;
  if (memory === undefined || memories.length > 1) {
    throw new MitoError('invalid', 'wasm_memory', `the program has ${memories.length} memories, it has to have one`);
  }
  return memory;
}

/** Throws `wasm_too_large`; for those who know the size before they read the program. */
export function assertProgramSize(sizeBytes: number): void {
  if (sizeBytes <= PROGRAM_LIMIT_BYTES) return;
  throw new MitoError(
    'invalid',
    'wasm_too_large',
    `the program has ${sizeBytes} bytes, ${PROGRAM_LIMIT_BYTES} are allowed`,
  );
}

/**
 * Checks that a program can be run in the sandbox, without compiling it: that it is a WASI preview 1
 * command (exports `_start` and `memory`), defines one 32-bit memory and imports nothing but the
 * functions of {@link WASI_FUNCTIONS}. Throws `invalid` errors: `wasm_too_large`, `wasm_malformed`,
 * `wasm_forbidden_import` (with the names), `wasm_missing_export`, `wasm_memory`,
 * `wasm_limit_exceeded`.
 */
export function inspectProgram(bytes: Uint8Array): ProgramInfo {
  assertProgramSize(bytes.length);
  const sections = readSections(bytes);
  const readerOf = (id: number): WasmReader => {
    const section = sections.find((candidate) => candidate.id === id);
    return section === undefined ? new WasmReader(Uint8Array.of(0)) : new WasmReader(bytes, section.start, section.end);
  };
  const [importing, defining] = [readerOf(SectionId.import), readerOf(SectionId.memory)];
  const imports = importing.list(() => readImport(importing));
  demandAllowed(imports);
  demandExports(readerOf(SectionId.export));
  const memory = demandOneMemory(defining.list(() => readLimits(defining)));
  demandSmallFunctions(readerOf(SectionId.code));
  capMemory(bytes, PAGES_MAX);
  return {
    sizeBytes: bytes.length,
    imports: imports.map(({ name }) => name),
    memory: { initialPages: memory.initial, maximumPages: memory.maximum ?? null },
  };
}
