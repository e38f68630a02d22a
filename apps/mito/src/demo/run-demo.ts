import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { MitosisClient } from '@mitosis/client';
import { decodeText, formatDuration, isFinal } from '@mitosis/domain';
import { unpackArchive } from '@mitosis/executor';
import type { SubmitTaskInput, TaskView } from '@mitosis/protocol';
import { printTable } from '../output/print-table.js';
import { startProgress } from '../output/progress.js';
import { say } from '../output/say.js';
import type { Stack } from '../stack/stack.js';
import { UNPACK_LIMITS } from '../unpack-limits.js';

/** Estimates pi from random points in the unit square; the number of samples decides how long it takes. */
const PROGRAM = `
const [samples, seed] = process.argv.slice(1).map(Number);
let state = seed >>> 0, hits = 0;
const random = () => { // xorshift32, Marsaglia 2003
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
};
for (let i = 0; i < samples; i++) if (random() ** 2 + random() ** 2 < 1) hits++;
const pi = (4 * hits) / samples;
require('fs').writeFileSync(process.env.MITO_RESULT_DIR + '/pi.json', JSON.stringify({ samples, seed, pi }));
`;

const SAMPLES = [1e6, 8e6, 24e6, 64e6];
const SEEDS = [11, 22, 33, 44, 55, 66];

interface Estimate {
  readonly samples: number;
  readonly seed: number;
  readonly pi: number;
}

function experiment(): SubmitTaskInput[] {
  return SAMPLES.flatMap((samples) =>
    SEEDS.map((seed) => ({
      name: `pi samples=${samples} seed=${seed}`,
      args: [process.execPath, '-e', PROGRAM, String(samples), String(seed * 7919)],
      labels: ['demo'],
    })),
  );
}

const millisecondsOf = ({ started_at, finished_at }: TaskView): number =>
  started_at === null || finished_at === null ? 0 : Date.parse(finished_at) - Date.parse(started_at);

async function fetchResult(
  api: MitosisClient,
  { uuid }: TaskView,
  dir: string,
): Promise<{ archive: string; folder: string }> {
  const archive = path.join(dir, `${uuid}.tar.gz`);
  const folder = path.join(dir, uuid);
  await mkdir(folder, { recursive: true });
  await api.downloadArtifact(await api.artifact(uuid, 'result'), archive);
  await unpackArchive(archive, folder, UNPACK_LIMITS);
  return { archive, folder };
}

async function runAll(api: MitosisClient, out: Writable): Promise<{ tasks: TaskView[]; wallMs: number }> {
  const begun = performance.now();
  const uuids = (await api.submitTasks(experiment())).map(({ uuid }) => uuid);
  const bar = startProgress(out, 'Estimating pi', uuids.length);
  const ended = new Set<string>();
  // One wait for each task: the bar moves with every end.
  await Promise.all(
    uuids.map((uuid) =>
      api.waitTasks([uuid], {
        onProgress: (seen) => seen.some(({ state }) => isFinal(state)) && bar.update(ended.add(uuid).size),
      }),
    ),
  );
  const wallMs = performance.now() - begun;
  bar.stop();
  return { tasks: await Promise.all(uuids.map((uuid) => api.getTask(uuid))), wallMs };
}

/**
 * A sweep of 24 tasks over the workers of `stack`, its results as a table, one artifact unpacked.
 * Returns whether every task completed.
 */
export async function runDemo(stack: Stack, dir: string, out: Writable): Promise<boolean> {
  const { token } = await stack.login();
  const api = new MitosisClient({ url: stack.url, token });
  const { tasks, wallMs } = await runAll(api, out);
  const completed = tasks.filter(({ state }) => state === 'completed');
  for (const task of tasks)
    if (task.state !== 'completed') say(out, `${task.name}: ${task.state} (${task.reason}) ${task.message ?? ''}\n`);

  const workers = [...new Set(tasks.map(({ worker }) => worker))];
  const rows: string[][] = [];
  let folder = '';
  for (const task of completed) {
    ({ folder } = await fetchResult(api, task, path.join(dir, 'results')));
    const { samples, seed, pi } = JSON.parse(decodeText(await readFile(path.join(folder, 'pi.json')))) as Estimate;
    const error = Math.abs(pi - Math.PI).toExponential(1);
    rows.push([
      String(samples),
      String(seed),
      pi.toFixed(6),
      error,
      formatDuration(millisecondsOf(task)),
      `worker ${workers.indexOf(task.worker) + 1}`,
    ]);
  }
  printTable(out, ['SAMPLES', 'SEED', 'PI', 'ERROR', 'TIME', 'WHERE'], rows);
  if (folder) say(out, `\nThe artifact "result" of the last task, unpacked: ${(await readdir(folder)).join(', ')}\n`);
  const sumMs = tasks.reduce((sum, task) => sum + millisecondsOf(task), 0);
  say(out, `${completed.length} of ${tasks.length} tasks completed on ${workers.length} workers: `);
  say(
    out,
    `${formatDuration(wallMs)} of wall time for ${formatDuration(sumMs)} of task time ` +
      `(${(sumMs / wallMs).toFixed(1)} at once)\n`,
  );
  return completed.length === tasks.length;
}
