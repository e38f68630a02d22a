/** Small WebAssembly programs, byte by byte, that try what a sandbox must not let happen. */

/** The number in LEB128, signed: what instructions take. */
const i32 = (value: number): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const isLast = rest >= -64 && rest < 64;
    bytes.push((rest & 0x7f) | (isLast ? 0 : 0x80));
    if (isLast) return [0x41, ...bytes];
  }
};
const u32 = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...u32(value >>> 7)]);
const text = (value: string): number[] => [...u32(value.length), ...Buffer.from(value)];
const vector = (items: readonly number[][]): number[] => [...u32(items.length), ...items.flat()];
const section = (id: number, content: number[]): number[] => [id, ...u32(content.length), ...content];

/** Types of functions by the index they have in every program here. */
const TYPES = { start: 0, fd_write: 1, path_open: 2, proc_exit: 3, sock_send: 1, random_get: 4, fd_read: 1 } as const;
const SIGNATURES = [
  [0x60, 0, 0],
  [0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f],
  [0x60, 9, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7e, 0x7e, 0x7f, 0x7f, 1, 0x7f],
  [0x60, 1, 0x7f, 0],
  [0x60, 2, 0x7f, 0x7f, 1, 0x7f],
];

function program(imports: readonly Exclude<keyof typeof TYPES, 'start'>[], body: readonly number[], data = ''): Buffer {
  const code = [0, ...body, 0x0b];
  return Buffer.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(SIGNATURES)),
    ...section(2, vector(imports.map((name) => [...text('wasi_snapshot_preview1'), ...text(name), 0, TYPES[name]]))),
    ...section(3, vector([[TYPES.start]])),
    ...section(5, vector([[0, 2]])),
    ...section(
      7,
      vector([
        [...text('memory'), 2, 0],
        [...text('_start'), 0, ...u32(imports.length)],
      ]),
    ),
    ...section(10, vector([[...u32(code.length), ...code]])),
    ...section(11, vector([[0, ...i32(1024), 0x0b, ...text(data)]])),
  ]);
}

const forever = (body: readonly number[]): number[] => [0x03, 0x40, ...body, 0x0c, 0, 0x0b];
const store = (at: number, value: number): number[] => [...i32(at), ...i32(value), 0x36, 2, 0];
const grow = [...i32(16), 0x40, 0, ...i32(-1), 0x46, 0x04, 0x40, 0x00, 0x0b];

/** Ends with this exit code, any number of 32 bits. */
export const exitsWith = (code: number): Buffer => program(['proc_exit'], [...i32(code), 0x10, 0]);

/** Opens `path` below the root of its file system and ends with the errno as its exit code. */
function opens(path: string, flags: number): Buffer {
  const all = [0x42, ...[0xff, 0xff, 0xff, 0xff, 0x01]];
  const call = [
    ...i32(3),
    ...i32(0),
    ...i32(1024),
    ...i32(path.length),
    ...i32(flags),
    ...all,
    ...all,
    ...i32(0),
    ...i32(64),
    0x10,
    0,
  ];
  return program(['path_open', 'proc_exit'], [...call, 0x10, 1], path);
}

const CREATE = 1;

export const HOSTILE = {
  endlessLoop: program([], forever([])),
  deepRecursion: program([], [0x10, 0, 0x10, 0]),
  hugeOutput: program(
    ['fd_write'],
    [...store(0, 1024), ...store(4, 65_536), ...forever([...i32(1), ...i32(0), ...i32(1), ...i32(16), 0x10, 0, 0x1a])],
  ),
  memoryGrowth: program([], forever(grow)),
  sockets: program(['sock_send'], []),
  pathEscape: opens('../../../../etc/passwd', 0),
  hostFile: opens('etc/passwd', 0),
  leavesFile: opens('tmp/secret', CREATE),
  findsFile: opens('tmp/secret', 0),
} as const;

/** Makes printable characters of four bytes. */
const printable = (at: number): number[] => [
  ...i32(at),
  ...i32(at),
  0x28,
  2,
  0,
  ...i32(0x0f0f0f0f),
  0x71,
  ...i32(0x60606060),
  0x72,
  0x36,
  2,
  0,
];

/** A workload of one subtask whose every step prints eight random characters as a line of JSON. */
export const UNDETERMINED = program(
  ['random_get', 'fd_write'],
  [
    ...[...i32(1028), ...i32(8), 0x10, 0, 0x1a],
    ...[...printable(1028), ...printable(1032)],
    ...[...store(0, 1027), ...store(4, 11), ...i32(1), ...i32(0), ...i32(1), ...i32(16), 0x10, 1, 0x1a],
  ],
  '   "........"\n',
);

/** Prints the first 4 KiB of the file `path` of its file system, and ends with the errno when it can't be opened. */
export function prints(path: string): Buffer {
  const rights = [0x42, 2];
  const openIt = [
    ...i32(3),
    ...i32(0),
    ...i32(1024),
    ...i32(path.length),
    ...i32(0),
    ...rights,
    ...rights,
    ...i32(0),
    ...i32(64),
    0x10,
    0,
  ];
  const orExit = [...i32(72), 0x28, 2, 0];
  const keepErrno = [0x36, 2, 0];
  const read = [
    ...store(0, 2048),
    ...store(4, 4096),
    ...i32(64),
    0x28,
    2,
    0,
    ...i32(0),
    ...i32(1),
    ...i32(4),
    0x10,
    2,
    0x1a,
  ];
  const write = [...i32(1), ...i32(0), ...i32(1), ...i32(16), 0x10, 1, 0x1a];
  return program(
    ['path_open', 'fd_write', 'fd_read', 'proc_exit'],
    [...i32(72), ...openIt, ...keepErrno, ...orExit, 0x04, 0x40, ...orExit, 0x10, 3, 0x0b, ...read, ...write],
    path,
  );
}
