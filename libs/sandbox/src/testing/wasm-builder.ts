import type { WasiFunction } from '../guest/wasi-functions.js';
import { encodeU32 } from '../wasm-reader.js';

/** The parameters of the WASI functions: `i` is i32, `I` is i64. */
export const SIGNATURES: Readonly<Record<WasiFunction, string>> = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_dir_name: 'iii',
  fd_prestat_get: 'ii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  random_get: 'ii',
  sched_yield: '',
};

/** Opcodes that tests write by hand. */
export const Op = {
  unreachable: 0x00,
  loop: 0x03,
  block: 0x02,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  i32Load: 0x28,
  i32Store: 0x36,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  tableGrow: [0xfc, 0x0f, 0x00],
  refNull: [0xd0, 0x70],
  empty: 0x40,
} as const;

export interface Bytes {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface ProgramSpec {
  readonly memory?: readonly [initial: number, maximum?: number];
  readonly table?: readonly [initial: number, maximum?: number];
  readonly data?: readonly Bytes[];
  /** Functions imported from elsewhere than WASI, without parameters or results. */
  readonly foreign?: readonly (readonly [module: string, name: string])[];
  readonly exports?: readonly ('memory' | '_start')[];
  /** Of `_start`, all of them i64. */
  readonly locals?: number;
  /** The body of `_start`; the parameter has what it takes to write it. */
  readonly body: (program: ProgramBuilder) => readonly number[];
}

function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

export const i32 = (value: number): number[] => [Op.i32Const, ...signed(BigInt(value | 0))];
export const i64 = (value: bigint): number[] => [0x42, ...signed(BigInt.asIntN(64, value))];

/** Instructions again and again, for ever. */
export const forever = (body: readonly number[]): number[] => [Op.loop, Op.empty, ...body, Op.br, 0, Op.end];

/** Collects the imports that a body uses. */
export class ProgramBuilder {
  readonly wasi: WasiFunction[] = [];

  constructor(private readonly foreignCount: number) {}

  /** Calls a WASI function with constants; its errno is left on the stack. */
  call(name: WasiFunction, ...args: readonly (number | bigint)[]): number[] {
    const pushed = args.flatMap((arg) => (typeof arg === 'bigint' ? i64(arg) : i32(arg)));
    return [...pushed, Op.call, ...encodeU32(this.#index(name))];
  }

  /** The same, without its errno. */
  run(name: WasiFunction, ...args: readonly (number | bigint)[]): number[] {
    return [...this.call(name, ...args), Op.drop];
  }

  /** Ends the program with what the instructions leave on the stack as its exit code. */
  exitWith(instructions: readonly number[]): number[] {
    return [...instructions, Op.call, ...encodeU32(this.#index('proc_exit'))];
  }

  /** Writes `length` bytes at `at` to a descriptor, through an iovec at `at - 16`. */
  write(fd: number, at: number, length: number): number[] {
    const store = (address: number, value: number) => [...i32(address), ...i32(value), Op.i32Store, 2, 0];
    return [...store(at - 16, at), ...store(at - 12, length), ...this.call('fd_write', fd, at - 16, 1, at - 8)];
  }

  /** Copies a descriptor to another until its end; uses the memory below 62,000. */
  copy(from: number, to: number): number[] {
    const store = (address: number, value: readonly number[]) => [...i32(address), ...value, Op.i32Store, 2, 0];
    const count = [...i32(8), Op.i32Load, 2, 0];
    return [
      ...store(0, i32(1024)),
      ...[Op.block, Op.empty, Op.loop, Op.empty],
      ...store(4, i32(60_000)),
      ...this.run('fd_read', from, 0, 1, 8),
      ...[...count, Op.i32Eqz, Op.brIf, 1],
      ...store(4, count),
      ...this.run('fd_write', to, 0, 1, 12),
      ...[Op.br, 0, Op.end, Op.end],
    ];
  }

  /** Opens `path`, which lies at `at`, below the root; its errno is left on the stack. */
  open(at: number, path: string, mode: { readonly flags?: number; readonly fd?: number } = {}): number[] {
    const rights = 0x1fffffffn;
    return this.call('path_open', mode.fd ?? 3, 0, at, Buffer.byteLength(path), mode.flags ?? 0, rights, rights, 0, 20);
  }

  #index(name: WasiFunction): number {
    if (!this.wasi.includes(name)) this.wasi.push(name);
    return this.foreignCount + this.wasi.indexOf(name);
  }
}

const vector = (items: readonly (readonly number[])[]): number[] => [...encodeU32(items.length), ...items.flat()];
const text = (value: string): number[] => [...encodeU32(Buffer.byteLength(value)), ...Buffer.from(value)];
const section = (id: number, content: readonly number[]): number[] => [id, ...encodeU32(content.length), ...content];
const limits = ([initial, maximum]: readonly [number, number?]): number[] =>
  maximum === undefined ? [0, ...encodeU32(initial)] : [1, ...encodeU32(initial), ...encodeU32(maximum)];

function functionType(name: WasiFunction): number[] {
  const params = [...SIGNATURES[name]].map((letter) => (letter === 'i' ? 0x7f : 0x7e));
  return [0x60, ...vector(params.map((type) => [type])), ...(name === 'proc_exit' ? [0] : [1, 0x7f])];
}

/** `START` stands for the index of `_start` in a body that calls itself. */
export const START = -1;

/** A WASI command, byte by byte. */
export function buildProgram(spec: ProgramSpec): Uint8Array {
  const foreign = spec.foreign ?? [];
  const builder = new ProgramBuilder(foreign.length);
  const body = spec.body(builder);
  const { wasi } = builder;
  const start = foreign.length + wasi.length;
  const code = body.flatMap((byte) => (byte === START ? encodeU32(start) : [byte]));
  const imports = [
    ...foreign.map(([module, name]) => [...text(module), ...text(name), 0, 0]),
    ...wasi.map((name, index) => [...text('wasi_snapshot_preview1'), ...text(name), 0, index + 1]),
  ];
  const exports = {
    memory: [...text('memory'), 2, 0],
    _start: [...text('_start'), 0, ...encodeU32(start)],
  };
  const segments = (spec.data ?? []).map(({ at, bytes }) => [
    0,
    ...i32(at),
    Op.end,
    ...encodeU32(bytes.length),
    ...bytes,
  ]);
  const content = [...(spec.locals === undefined ? [0] : [1, ...encodeU32(spec.locals), 0x7e]), ...code, Op.end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, 0, 0], ...wasi.map(functionType)])),
    ...section(2, vector(imports)),
    ...section(3, vector([[0]])),
    ...(spec.table === undefined ? [] : section(4, vector([[0x70, ...limits(spec.table)]]))),
    ...section(5, vector([limits(spec.memory ?? [1])])),
    ...section(7, vector((spec.exports ?? ['memory', '_start']).map((name) => exports[name]))),
    ...section(10, vector([[...encodeU32(content.length), ...content]])),
    ...section(11, vector(segments)),
  ]);
}

/** Text for the program's memory. */
export const dataAt = (at: number, value: string | Uint8Array): Bytes => ({ at, bytes: Buffer.from(value) });
