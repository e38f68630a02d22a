import path from 'node:path';
import type { Writable } from 'node:stream';
import { MitosisClient } from '@mitosis/client';
import { formatDuration } from '@mitosis/domain';
import type { SubmitWorkloadInput } from '@mitosis/protocol';
import { builtInProgram } from '../commands/built-in-program.js';
import { startProgress } from '../output/progress.js';
import { saveResult } from '../output/save-result.js';
import { say } from '../output/say.js';
import type { Stack } from '../stack/stack.js';

interface Shown {
  readonly name: string;
  readonly params: SubmitWorkloadInput['params'];
  readonly what: string;
}

const WORKLOADS: readonly Shown[] = [
  { name: 'mandelbrot', params: { width: 900, height: 600, max_iterations: 2000, tile_size: 150 }, what: 'a picture' },
  { name: 'matrix_mul', params: { size: 512, tile_size: 128 }, what: 'the product of two matrices' },
  { name: 'password_hash', params: { algorithm: 'bcrypt', count: 32, cost: 6, batch_size: 4 }, what: 'hashes' },
];

async function compute(
  api: MitosisClient,
  { name, params, what }: Shown,
  dir: string,
  out: Writable,
): Promise<boolean> {
  const program = await builtInProgram(name);
  if (!program) throw new Error(`${name} is not a built-in workload`);
  const begun = performance.now();
  const { sha256 } = await api.programs.ensure(program.bytes, { name });
  const { uuid } = await api.workloads.submit({ name, sha256, params, labels: ['demo'] });
  let bar: ReturnType<typeof startProgress> | undefined;
  const ended = await api.workloads.wait(uuid, {
    onProgress: ({ subtasks, subtasks_done: done }) => {
      if (subtasks === null) return;
      bar ??= startProgress(out, name, subtasks);
      bar.update(done);
    },
  });
  bar?.stop();
  if (ended.state !== 'completed' || ended.result_task === null) {
    say(out, `${name} ${ended.state}: ${ended.message ?? ''}\n`);
    return false;
  }
  const options = { file: path.join(dir, name), name, onRemark: () => {} };
  const { size_bytes: size } = await saveResult(api, ended.result_task, options);
  say(
    out,
    `${name}: ${what} of ${size} bytes from ${ended.subtasks} subtasks in ` +
      `${formatDuration(performance.now() - begun)}\n`,
  );
  return true;
}

/** Each built-in workload once, sandboxed, over the workers of `stack`. Returns whether all completed. */
export async function runWorkloads(stack: Stack, dir: string, out: Writable): Promise<boolean> {
  const { token } = await stack.login();
  const api = new MitosisClient({ url: stack.url, token });
  say(out, '\nSandboxed WebAssembly, split over the workers and put together:\n');
  let isGood = true;
  for (const workload of WORKLOADS) isGood = (await compute(api, workload, dir, out)) && isGood;
  return isGood;
}
