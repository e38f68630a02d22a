import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Scope, startStack } from './stack.mjs';

const MAIN = path.join(import.meta.dirname, '../dist/mito/lib/mito.js');
const SAMPLE_MS = 100;

/** Peak resident memory of a process in MB, as the kernel kept it. */
async function peakMb(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/**
 * One artifact of `bytes` that does not compress: made, packed and uploaded by a worker, downloaded by
 * the command. Returns peaks of memory, times, and the time of a plain copy of the same file.
 */
export async function measureArtifact(bytes) {
  const scope = new Scope();
  try {
    const { api, pids, url, token } = await startStack(scope, { backend: 'postgres', workers: 1, slots: 1 });
    const dir = await mkdtemp(path.join(tmpdir(), 'mito-artifact-'));
    scope.teardown(() => rm(dir, { recursive: true, force: true }));
    const begun = performance.now();
    const { uuid } = await api.submitTask({
      args: ['sh', '-c', `head -c ${bytes} /dev/urandom > "$MITO_RESULT_DIR/blob"`],
      timeout_ms: 3_600_000,
    });
    const [task] = await api.waitTasks([uuid]);
    if (task.state !== 'completed') throw new Error(`the task ${task.state}: ${task.message}`);
    const madeS = (performance.now() - begun) / 1000;
    const file = path.join(dir, 'result.tar.gz');
    const download = await timedDownload({ url, token, uuid, file });
    const copyBegun = performance.now();
    await copyFile(file, `${file}.copy`);
    const copyS = (performance.now() - copyBegun) / 1000;
    return {
      sizeMb: (await stat(file)).size / 1e6,
      madeS,
      downloadS: download.seconds,
      copyS,
      peaksMb: {
        coordinator: await peakMb(pids.coordinator),
        worker: await peakMb(pids.workers[0]),
        client: download.peakMb,
      },
    };
  } finally {
    await scope.end();
  }
}

async function timedDownload({ url, token, uuid, file }) {
  const begun = performance.now();
  const env = { ...process.env, MITO_COORDINATOR_ADDR: url, MITO_TOKEN: token };
  const child = spawn(process.execPath, [MAIN, 'tasks', 'artifacts', 'download', uuid, 'result', '-o', file], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peak = 0;
  const sampling = setInterval(async () => (peak = Math.max(peak, await peakMb(child.pid))), SAMPLE_MS);
  const [code] = await once(child, 'exit');
  clearInterval(sampling);
  if (code !== 0) throw new Error(`the download ended with ${code}`);
  return { seconds: (performance.now() - begun) / 1000, peakMb: peak };
}
