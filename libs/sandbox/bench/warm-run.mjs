// What a run in the sandbox costs over instantiating the module in this process:
//   npx tsc -b libs/sandbox && node libs/sandbox/bench/warm-run.mjs [processes]
import { Sandbox } from '../dist/sandbox.js';
import { sha256 } from '../dist/testing/run-program.js';
import { buildProgram, dataAt } from '../dist/testing/wasm-builder.js';

const RUNS = 5000;
const processes = Number(process.argv[2] ?? 2);
const program = buildProgram({ data: [dataAt(1024, 'hello\n')], body: (p) => p.exitWith(p.write(1, 1024, 6)) });
const request = { program, sha256: sha256(program), args: ['hello'], env: {}, onOutput: () => Promise.resolve() };
const log = { debug() {}, info() {}, warn() {}, error() {} };

function report(name, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => `${(sorted[Math.floor(sorted.length * part)] * 1000).toFixed(0)} us`;
  console.log(`${name.padEnd(34)} p50 ${at(0.5).padStart(8)}  p99 ${at(0.99).padStart(8)}`);
}

async function timed(count, action) {
  const times = [];
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now();
    await action();
    times.push(performance.now() - startedAt);
  }
  return times.slice(Math.floor(count / 10));
}

const module = new WebAssembly.Module(program);
const host = { fd_write: () => 0, proc_exit: () => 0 };
report(
  'bare instantiate and start',
  await timed(RUNS, () => {
    new WebAssembly.Instance(module, { wasi_snapshot_preview1: host }).exports._start();
  }),
);

const signal = new AbortController().signal;
const cold = [];
for (let index = 0; index < 10; index += 1) {
  const sandbox = new Sandbox({ processes: 1, log });
  cold.push(
    ...(await timed(1, async () => {
      await sandbox.start();
      await sandbox.run(request, signal);
    })),
  );
  await sandbox.stop();
}
report('start a sandbox, first run', cold);

const sandbox = new Sandbox({ processes, log });
await sandbox.start();
report('warm run, one at a time', await timed(RUNS, () => sandbox.run(request, signal)));
const startedAt = performance.now();
await Promise.all(Array.from({ length: RUNS }, () => sandbox.run(request, new AbortController().signal)));
console.log(
  `warm runs, ${processes} processes            ` +
    `${Math.round(RUNS / ((performance.now() - startedAt) / 1000))} per second`,
);
await sandbox.stop();
