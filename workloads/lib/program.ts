// What a command has: arguments, standard streams, an exit code.

import { args_get, args_sizes_get, fd_read, fd_write, proc_exit } from './wasi_snapshot_preview1';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const CHUNK_BYTES = 65536;

/** The exit code for a parameter that can't be used. */
export const EXIT_BAD_PARAMETER = 2;
/** The exit code for an input that is not what it should be. */
export const EXIT_BAD_INPUT = 1;

/** A place for an iovec (8 bytes) and for one answer. */
const VECTOR = memory.data(12, 8);

function writeAll(fd: i32, address: usize, length: i32): void {
  while (length > 0) {
    store<u32>(VECTOR, <u32>address);
    store<u32>(VECTOR, length, 4);
    if (fd_write(fd, VECTOR, 1, VECTOR + 8) !== 0) proc_exit(EXIT_BAD_INPUT);
    const written = load<i32>(VECTOR, 8);
    address += written;
    length -= written;
  }
}

/** What was written to stdout and isn't out yet: a call to the host costs more than a line. */
const PENDING = memory.data(65536, 8);
let pendingBytes = 0;

/** Sends what is pending; to be called before the program ends. */
export function flush(): void {
  writeAll(STDOUT, PENDING, pendingBytes);
  pendingBytes = 0;
}

/** Writes bytes to stdout. */
export function writeBytes(address: usize, length: i32): void {
  if (length > CHUNK_BYTES - pendingBytes) flush();
  if (length > CHUNK_BYTES) return writeAll(STDOUT, address, length);
  memory.copy(PENDING + pendingBytes, address, length);
  pendingBytes += length;
}

/** Writes text to stdout. */
export function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  writeBytes(changetype<usize>(bytes), bytes.byteLength);
}

/** Writes a line to stderr. */
export function printError(text: string): void {
  const bytes = String.UTF8.encode(text + '\n');
  writeAll(STDERR, changetype<usize>(bytes), bytes.byteLength);
}

/** Says why on stderr, and ends the program. */
export function fail(code: i32, message: string): void {
  printError(message);
  proc_exit(code);
}

/** What the compiler calls when an assertion of the language fails: an index out of range, no memory. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const text = message === null ? 'aborted' : <string>message;
  const place = file === null ? '' : ' at ' + <string>file + ':' + line.toString() + ':' + column.toString();
  fail(EXIT_BAD_INPUT, text + place);
}

/** Bytes before the terminating NUL. */
function lengthOf(text: usize): usize {
  let end = text;
  while (load<u8>(end) !== 0) end++;
  return end - text;
}

/** The arguments, without the program's name. */
export function programArguments(): string[] {
  args_sizes_get(VECTOR, VECTOR + 4);
  const count = load<i32>(VECTOR);
  const table = heap.alloc(count * 4);
  const buffer = heap.alloc(load<usize>(VECTOR, 4));
  args_get(table, buffer);
  const all: string[] = [];
  for (let index = 1; index < count; index++) {
    const start = load<u32>(table + index * 4);
    all.push(String.UTF8.decodeUnsafe(start, lengthOf(start)));
  }
  return all;
}

/** Reads up to `length` bytes of stdin to `address`; returns how many there were. */
export function readBytes(address: usize, length: i32): i32 {
  let total = 0;
  while (total < length) {
    store<u32>(VECTOR, <u32>(address + total));
    store<u32>(VECTOR, length - total, 4);
    if (fd_read(STDIN, VECTOR, 1, VECTOR + 8) !== 0) fail(EXIT_BAD_INPUT, 'stdin: it can not be read');
    const count = load<i32>(VECTOR, 8);
    if (count === 0) break;
    total += count;
  }
  return total;
}

/** All of stdin as text. */
export function readText(): string {
  let buffer = heap.alloc(CHUNK_BYTES);
  let capacity = CHUNK_BYTES;
  let length = 0;
  for (;;) {
    const count = readBytes(buffer + length, capacity - length);
    length += count;
    if (length < capacity) break;
    capacity *= 2;
    buffer = heap.realloc(buffer, capacity);
  }
  const text = String.UTF8.decodeUnsafe(buffer, length);
  heap.free(buffer);
  return text;
}
