import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile, Scope, startStack } from './stack.mjs';

const TASKS = 200;
const AT_ONCE = 8;

/** Notes when it was asked to end, and ends: both clocks are this machine's. */
const scriptFor = (file) =>
  `trap 'date +%s%N > "${file}"; exit 0' TERM; echo > "${file}.ready"; while :; do sleep 0.02; done`;

async function exists(file) {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

async function untilThere(file) {
  while (!(await exists(file))) await delay(2);
}

/** From sending the request to cancel to the end of a cooperative process, some of them at a time. */
export async function measureCancel(backend) {
  const scope = new Scope();
  try {
    const dir = await mkdtemp(path.join(tmpdir(), 'mito-bench-cancel-'));
    scope.teardown(() => rm(dir, { recursive: true, force: true }));
    const { api } = await startStack(scope, { backend, workers: 1, slots: AT_ONCE });
    const delays = [];
    const committed = [];
    const cancelOne = async (index) => {
      const file = path.join(dir, String(index));
      const { uuid } = await api.submitTask({ args: ['sh', '-c', scriptFor(file)] });
      await untilThere(`${file}.ready`);
      const askedAt = Date.now() + (performance.now() % 1);
      await api.cancelTask(uuid);
      await api.waitTasks([uuid]);
      committed.push(Date.now() - askedAt);
      delays.push(Number(await readFile(file, 'utf8')) / 1e6 - askedAt);
    };
    for (let start = 0; start < TASKS; start += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => cancelOne(start + place)));
    }
    const of = (values) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) });
    return { end: of(delays), outcome: of(committed) };
  } finally {
    await scope.end();
  }
}
