import { runInThisContext } from 'node:vm';
import { ChannelClosed, receive, send, sendChunks } from './channel.js';
import { Descriptors } from './descriptors.js';
import { FileTree, type Folder } from './file-tree.js';
import { STDIN_SOURCE, ToSandbox, type GuestFailure, type RunEnd, type RunOrder } from './frame.js';
import { GuestEnd, GuestFate } from './guest-end.js';
import { GuestMemory } from './guest-memory.js';
import { InputReader } from './input-reader.js';
import type { GuestFiles } from './wasi-descriptors.js';
import { WASI_MODULE } from './wasi-functions.js';
import { wasiHost } from './wasi-host.js';
import { clockNs } from './wasi-process.js';

type Outcome = Omit<RunEnd, 'peakMemoryBytes'>;

const PAGE_BYTES = 65_536;
const RESULT_FOLDER = 'result';
const MESSAGE_FRAMES = 6;

/** Fetches a part of an input from the sandbox. */
function fetch(source: number, offset: number, length: number): Uint8Array {
  const question = Buffer.alloc(16);
  question.writeUInt32LE(source, 0);
  question.writeDoubleLE(offset, 4);
  question.writeUInt32LE(length, 12);
  send(ToSandbox.read, question);
  return receive().payload;
}

function prepareTree(order: RunOrder): FileTree {
  const tree = new FileTree(order.fileLimitBytes, () => clockNs(0));
  const resource = tree.addFolder(tree.root, 'resource', true);
  order.files.forEach(({ path, sizeBytes }, index) => tree.addInput(resource, path, index + 1, sizeBytes));
  tree.addFolder(tree.root, RESULT_FOLDER);
  tree.addFolder(tree.root, 'tmp');
  return tree;
}

function prepareInputs(order: RunOrder, stdin: Uint8Array): InputReader {
  const inputs = new InputReader(fetch);
  if (!order.isStdinPulled) inputs.preload(STDIN_SOURCE, stdin, true);
  return inputs;
}

/** Sends output on at once, so that it can be followed live and isn't lost when the guest is killed. */
function outputTo(fate: GuestFate, limitBytes: number): GuestFiles['output'] {
  let leftBytes = limitBytes;
  return (stream, bytes) => {
    const part = bytes.subarray(0, leftBytes);
    leftBytes -= part.length;
    sendChunks(stream === 1 ? ToSandbox.stdout : ToSandbox.stderr, part);
    if (part.length < bytes.length) {
      fate.fail('output_limit', `the program wrote more than ${limitBytes} bytes of output`);
    }
  };
}

/** What the engine says, and where in the program it happened. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'the program threw an exception that it did not catch';
  const frames = (error.stack ?? '').split('\n').filter((line) => line.includes('wasm://'));
  return [`${error.name}: ${error.message}`, ...frames.slice(0, MESSAGE_FRAMES)].join('\n');
}

function failureReason(error: unknown, files: GuestFiles, order: RunOrder): GuestFailure {
  const limitBytes = order.memoryPages * PAGE_BYTES;
  if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'deadline';
  if (error instanceof WebAssembly.LinkError) return 'invalid_program';
  if (error instanceof RangeError) return /call stack/.test(error.message) ? 'stack_overflow' : 'memory_limit';
  if (files.tree.isExhausted) return 'file_limit';
  // An allocator that was refused more memory usually traps; by then it has used most of it.
  return files.memory.sizeBytes >= limitBytes * 0.75 ? 'memory_limit' : 'trap';
}

function start(module: WebAssembly.Module, files: GuestFiles, fate: GuestFate, order: RunOrder): never {
  const imports = { [WASI_MODULE]: wasiHost(files, fate, order) };
  const { exports } = new WebAssembly.Instance(module, imports);
  files.memory.attach(exports['memory'] as WebAssembly.Memory);
  (exports['_start'] as () => void)();
  return fate.exit(0);
}

const JOB = 'mitosisSandboxJob';

/** Runs `job`, and ends it after `deadlineMs` if there is one. */
function withDeadline(job: () => never, deadlineMs: number | null): never {
  if (deadlineMs === null) return job();
  Reflect.set(globalThis, JOB, job);
  return runInThisContext(`${JOB}()`, { timeout: deadlineMs }) as never;
}

/** Streams what the guest left in its result folder: regular files are all that there can be. */
function sendResults(folder: Folder, prefix = ''): void {
  for (const [name, node] of folder.entries) {
    const path = `${prefix}${name}`;
    if (node.kind === 'folder') sendResults(node, `${path}/`);
    if (node.kind !== 'file') continue;
    send(ToSandbox.file, Buffer.from(path));
    sendChunks(ToSandbox.fileData, node.content.subarray(0, node.sizeBytes));
  }
}

/** A guest always ends by something thrown through it: `start` itself throws at its end. */
function attempt(job: () => never, deadlineMs: number | null, judged: (error: unknown) => Outcome): Outcome {
  try {
    return withDeadline(job, deadlineMs);
  } catch (error) {
    if (error instanceof ChannelClosed) throw error;
    return judged(error);
  }
}

/** How the program ended: by itself, by a limit, or by what it threw. */
function judge(error: unknown, fate: GuestFate, files: GuestFiles, order: RunOrder): Outcome {
  if (fate.failure !== undefined) return { exitCode: null, ...fate.failure };
  const reason = error instanceof GuestEnd ? undefined : failureReason(error, files, order);
  if (fate.exitCode !== null && reason !== 'deadline') return { exitCode: fate.exitCode };
  return { exitCode: null, reason: reason ?? 'trap', message: describe(error) };
}

/** Runs a program once, with everything fresh, and tells how it ended. Results are sent before. */
export function runGuest(module: WebAssembly.Module, order: RunOrder, stdin: Uint8Array): RunEnd {
  const [memory, tree, fate] = [new GuestMemory(), prepareTree(order), new GuestFate()];
  const inputs = prepareInputs(order, stdin);
  const output = outputTo(fate, order.outputLimitBytes);
  const files = { memory, tree, inputs, output, descriptors: new Descriptors(tree) };
  const outcome = attempt(
    () => start(module, files, fate, order),
    order.deadlineMs,
    (error) => judge(error, fate, files, order),
  );
  const results = tree.root.entries.get(RESULT_FOLDER);
  if (results?.kind === 'folder') sendResults(results);
  return { ...outcome, peakMemoryBytes: memory.sizeBytes };
}
