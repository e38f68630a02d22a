import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Sandbox } from '../libs/sandbox/dist/index.js';
import { quantile, Scope, startStack } from './stack.mjs';

const RUNS = 2000;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const programOf = (name) => readFile(new URL(`../workloads/dist/${name}.wasm`, import.meta.url));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function timed(count, action) {
  const times = [];
  for (let index = 0; index < count; index += 1) {
    const begun = performance.now();
    await action();
    times.push(performance.now() - begun);
  }
  return times.slice(Math.floor(count / 10));
}

/** One warm run of the smallest step of a workload, over instantiating the same module here. */
export async function measureWarmRun() {
  const program = await programOf('count_primes');
  const module = new WebAssembly.Module(program);
  const host = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]));
  const bare = await timed(RUNS, () => void new WebAssembly.Instance(module, { wasi_snapshot_preview1: host }));
  const sandbox = new Sandbox({ processes: 1, log });
  await sandbox.start();
  try {
    const request = {
      program,
      sha256: sha256(program),
      args: ['count_primes', 'split', '{"limit":2}'],
      env: {},
      onOutput: async () => {},
    };
    const warm = await timed(RUNS, () => sandbox.run(request, new AbortController().signal));
    return { bare: quantile(bare, 0.5), p50: quantile(warm, 0.5), p99: quantile(warm, 0.99) };
  } finally {
    await sandbox.stop();
  }
}

async function compute(api, name, params) {
  const program = await api.programs.ensure(await programOf(name), { name });
  const begun = performance.now();
  const { uuid } = await api.workloads.submit({ name, sha256: program.sha256, params });
  const ended = await api.workloads.wait(uuid);
  if (ended.state !== 'completed') throw new Error(`${name} ${ended.state}: ${ended.message}`);
  return { wallMs: performance.now() - begun, subtasks: ended.subtasks };
}

/** Subtasks that do next to nothing, each a task of its own, from submission to the final result. */
export async function measureSubtasks(backend) {
  const scope = new Scope();
  try {
    const { api } = await startStack(scope, { backend, workers: 1, slots: 2 });
    await compute(api, 'password_hash', { algorithm: 'sha256', count: 10, batch_size: 1 });
    const { wallMs, subtasks } = await compute(api, 'password_hash', {
      algorithm: 'sha256',
      count: 1000,
      batch_size: 1,
    });
    return subtasks / (wallMs / 1000);
  } finally {
    await scope.end();
  }
}

/** The same program step by step in one process, without the platform. */
async function plainMs(name, params) {
  const program = await programOf(name);
  const sandbox = new Sandbox({ processes: 1, log });
  await sandbox.start();
  const run = async (args, stdin) => {
    const parts = [];
    const onOutput = async (stream, bytes) => void (stream === 1 && parts.push(Buffer.from(bytes)));
    const result = await sandbox.run(
      { program, sha256: sha256(program), args: [name, ...args], env: {}, stdin, onOutput },
      new AbortController().signal,
    );
    if (result.exitCode !== 0) throw new Error(JSON.stringify(result));
    return Buffer.concat(parts);
  };
  const begun = performance.now();
  const framed = [];
  for (const line of (await run(['split', JSON.stringify(params)])).toString().trimEnd().split('\n')) {
    const result = await run(['map'], Buffer.from(line));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(result.length);
    framed.push(length, result);
  }
  await run(['reduce'], Buffer.concat(framed));
  const wallMs = performance.now() - begun;
  await sandbox.stop();
  return wallMs;
}

/** A computation over 1 and 2 slots, against one plain process: milliseconds of each. */
export async function measureSpeedUp(name, params) {
  const plain = await plainMs(name, params);
  const walls = [];
  for (const slots of [1, 2]) {
    const scope = new Scope();
    try {
      const { api } = await startStack(scope, { backend: 'postgres', workers: 1, slots });
      await compute(api, 'matrix_mul', { matrix_size: 64, tile_size: 32 });
      walls.push((await compute(api, name, params)).wallMs);
    } finally {
      await scope.end();
    }
  }
  return { plain, one: walls[0], two: walls[1] };
}
