import { createHash } from 'node:crypto';
import test from 'ava';
import { MitoError } from '@mitosis/domain';
import { capMemory, TABLE_ENTRIES_MAX, TABLES_MAX } from './cap-memory.js';
import { inspectInBackground } from './inspect-in-background.js';
import { inspectProgram } from './inspect-program.js';
import { buildProgram, type ProgramSpec } from './testing/wasm-builder.js';
import { encodeU32 } from './wasm-reader.js';

const plain: ProgramSpec = { body: (p) => p.exitWith(p.call('fd_close', 9)) };

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof MitoError) return error.code;
    throw error;
  }
  return 'none';
}

test('a WASI command is described by its imports and its memory', (t) => {
  t.deepEqual(inspectProgram(buildProgram({ ...plain, memory: [2, 30] })), {
    sizeBytes: buildProgram({ ...plain, memory: [2, 30] }).length,
    imports: ['fd_close', 'proc_exit'],
    memory: { initialPages: 2, maximumPages: 30 },
  });
});

test('every import that is not an allowed function of WASI is named', (t) => {
  const program = buildProgram({
    ...plain,
    foreign: [
      ['env', 'system'],
      ['wasi_snapshot_preview1', 'sock_send'],
      ['wasi_unstable', 'fd_write'],
    ],
  });
  const error = t.throws(() => inspectProgram(program), { instanceOf: MitoError });
  t.is(error.code, 'wasm_forbidden_import');
  t.is(error.kind, 'invalid');
  for (const name of ['env.system', 'wasi_snapshot_preview1.sock_send', 'wasi_unstable.fd_write']) {
    t.true(error.message.includes(name), name);
  }
});

test('an error about imports stays short, whatever the program calls them', (t) => {
  const foreign = Array.from({ length: 500 }, (_, index) => ['env\n', `${index}${'x'.repeat(5000)}`] as const);
  const error = t.throws(() => inspectProgram(buildProgram({ ...plain, foreign })), { instanceOf: MitoError });
  t.true(error.message.length < 20_000);
  t.false(error.message.includes('\n'));
  t.true(error.message.endsWith('and 400 more'));
});

test('a program has to export what makes it a command', (t) => {
  t.is(
    codeOf(() => inspectProgram(buildProgram({ ...plain, exports: ['memory'] }))),
    'wasm_missing_export',
  );
  t.is(
    codeOf(() => inspectProgram(buildProgram({ ...plain, exports: ['_start'] }))),
    'wasm_missing_export',
  );
});

test('a table or a memory beyond what the engine may be asked for is refused', (t) => {
  t.is(
    codeOf(() => inspectProgram(buildProgram({ ...plain, table: [TABLE_ENTRIES_MAX + 1] }))),
    'wasm_limit_exceeded',
  );
  t.is(
    codeOf(() => inspectProgram(buildProgram({ ...plain, memory: [65_537] }))),
    'wasm_limit_exceeded',
  );
  t.is(
    codeOf(() => capMemory(buildProgram({ ...plain, memory: [11] }), 10)),
    'wasm_limit_exceeded',
  );
  t.is(TABLES_MAX, 16);
});

test('capping lowers the maxima, sets missing ones, and leaves the rest as it was', (t) => {
  const capped = (memory: [number, number?]) =>
    inspectProgram(capMemory(buildProgram({ ...plain, memory }), 10)).memory;
  t.deepEqual(capped([1]), { initialPages: 1, maximumPages: 10 });
  t.deepEqual(capped([1, 65_536]), { initialPages: 1, maximumPages: 10 });
  t.deepEqual(capped([1, 3]), { initialPages: 1, maximumPages: 3 });
  t.deepEqual(
    capMemory(buildProgram({ ...plain, memory: [1, 3] }), 10),
    Buffer.from(buildProgram({ ...plain, memory: [1, 3] })),
  );
});

test('what is not a module is refused, and so is a module cut anywhere', (t) => {
  for (const text of ['', '#!/bin/sh', '\0asm', '\0asm\r\0\x01\0']) {
    t.is(
      codeOf(() => inspectProgram(Buffer.from(text, 'latin1'))),
      'wasm_malformed',
      JSON.stringify(text),
    );
  }
  const program = buildProgram({ ...plain, memory: [1, 2], table: [1] });
  for (let length = 0; length < program.length; length += 1) {
    t.not(
      codeOf(() => inspectProgram(program.subarray(0, length))),
      undefined,
    );
  }
});

test('no change of a single byte makes the check fail in an unexpected way', (t) => {
  const program = buildProgram({ ...plain, memory: [1, 2], table: [1] });
  for (let index = 0; index < program.length; index += 1) {
    for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const changed = program.with(index, value);
      t.notThrows(() => codeOf(() => inspectProgram(changed)), `byte ${index} as ${value}`);
    }
  }
});

test('a program that is too large is refused before it is looked at', (t) => {
  t.is(
    codeOf(() => inspectProgram(new Uint8Array(32 * 1024 * 1024 + 1))),
    'wasm_too_large',
  );
});

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const section = (id: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([id, ...encodeU32(content.length)]), content]);
const listOf = (count: number, entry: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(encodeU32(count)), Buffer.alloc(count * entry.length, Buffer.from(entry))]);

/** Modules that have far too much of something; none may take long to refuse. */
const BLOATED: Readonly<Record<string, () => Buffer[]>> = {
  exports: () => [section(7, listOf(8_000_000, [0, 0, 0]))],
  imports: () => [section(2, listOf(3_000_000, [0, 0, 0, 0]))],
  memories: () => [section(5, listOf(3_000_000, [0, 0]))],
  tables: () => [section(4, listOf(3_000_000, [0x70, 0, 0]))],
  'custom sections': () => Array.from({ length: 3 }, () => Buffer.alloc(9_000_000, Buffer.from([0, 1, 0]))),
};

for (const [what, make] of Object.entries(BLOATED)) {
  test(`a module with millions of ${what} is refused by name, and at once`, (t) => {
    const bytes = Buffer.concat([Buffer.from(HEADER), ...make()]);
    const begunAt = performance.now();
    const error = t.throws(() => inspectProgram(bytes), { instanceOf: MitoError });
    t.log(`${Math.round(performance.now() - begunAt)} ms: ${error?.message}`);
    t.regex(error?.code ?? '', /^wasm_/);
  });
}

test('a function that nests without end is refused before the engine sees it', (t) => {
  const depth = 200_000;
  const nested = [...Array.from({ length: depth }, () => [2, 0x40]).flat(), ...Array<number>(depth).fill(0x0b)];
  const program = buildProgram({ body: (p) => [...nested, ...p.exitWith(p.call('fd_close', 9))] });
  t.is(
    codeOf(() => inspectProgram(program)),
    'wasm_limit_exceeded',
  );
});

test('a function with more locals than any compiler makes is refused', (t) => {
  const of = (locals: number): Uint8Array => buildProgram({ locals, body: (p) => p.exitWith(p.call('fd_close', 9)) });
  t.is(
    codeOf(() => inspectProgram(of(10_001))),
    'wasm_limit_exceeded',
  );
  t.notThrows(() => inspectProgram(of(10_000)));
});

test('a large program is inspected in a thread, with the same result', async (t) => {
  const small = buildProgram({ body: (p) => p.exitWith(p.call('fd_close', 9)) });
  const padded = (bytes: Uint8Array): Uint8Array =>
    Buffer.concat([bytes, section(0, Buffer.concat([Buffer.from([1, 0x78]), Buffer.alloc(30_000_000)]))]);
  const { sha256, ...info } = await inspectInBackground(padded(small));
  t.deepEqual(info, inspectProgram(padded(small)));
  t.is(sha256, createHash('sha256').update(padded(small)).digest('hex'));
  const bad = padded(Buffer.concat([small, section(5, listOf(3_000_000, [0, 0]))]));
  t.is(
    (await t.throwsAsync(inspectInBackground(bad), { instanceOf: MitoError }))?.code,
    codeOf(() => inspectProgram(bad)),
  );
  t.is(
    (await t.throwsAsync(inspectInBackground(new Uint8Array(32 * 1024 * 1024 + 1)), { instanceOf: MitoError }))?.code,
    'wasm_too_large',
  );
});
