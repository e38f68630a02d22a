import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { tempDir, wasiCompiler } from '@mitosis/testing';
import { inspectProgram } from './inspect-program.js';
import { Sandbox } from './sandbox.js';
import { RecordingLog } from './testing/run-program.js';
import { Workload } from './testing/workload.js';

const SOURCE = fileURLToPath(new URL('../../../workloads/templates/c/count-primes.c', import.meta.url));

test('the template in C compiles with the command at its top, and computes what AssemblyScript does', async (t) => {
  t.timeout(600_000, 'a compiler may have to be installed');
  const compiler = await wasiCompiler();
  const dir = await tempDir(t);
  await copyFile(SOURCE, path.join(dir, path.basename(SOURCE)));
  const [, command = ''] = /^\/\/ +(clang .+)$/m.exec(await readFile(SOURCE, 'utf8')) ?? [];
  await promisify(execFile)(compiler, command.split(' ').slice(1), { cwd: dir });
  const program = await readFile(path.join(dir, 'count-primes.wasm'));
  t.notThrows(() => inspectProgram(program));

  const sandbox = new Sandbox({ processes: 2, log: new RecordingLog() });
  await sandbox.start();
  t.teardown(() => sandbox.stop());
  const inC = new Workload(sandbox, 'count-primes', () => Promise.resolve(program));
  const { final, subtasks } = await inC.complete({ limit: 100_000, max_subtasks: 7 });
  t.is(subtasks.length, 7);
  t.deepEqual(JSON.parse(final.stdout.toString()), { primes: 9592 });
  const refused = await inC.run('split', '{"limit":"many"}');
  t.is(refused.result.exitCode, 2);
  t.regex(refused.stderr.toString(), /^limit: /);
});
