import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cpuTimes } from './cpu-times.mjs';
import { Scope, startStack } from './stack.mjs';

/** Before the clock starts: until then much of the code is not compiled, and a task takes up to twice the time. */
const WARM_UP = 5_000;
const BATCH = 500;

/** The baseline: the same number of processes, two at a time, started by xargs. */
async function measureXargs(count) {
  const begun = performance.now();
  await promisify(execFile)('sh', ['-c', `seq ${count} | xargs -P2 -n1 /bin/true`]);
  return count / ((performance.now() - begun) / 1000);
}

export async function runTasks(api, count) {
  const uuids = [];
  for (let sent = 0; sent < count; sent += BATCH) {
    const tasks = Array.from({ length: Math.min(BATCH, count - sent) }, () => ({ args: ['/bin/true'] }));
    uuids.push(...(await api.submitTasks(tasks)).map(({ uuid }) => uuid));
  }
  const ended = await api.waitTasks(uuids);
  if (ended.some(({ state }) => state !== 'completed')) throw new Error('a task did not complete');
}

/** From the first durable submission to the last committed result; where the processor time of one task goes. */
async function measureTasks(backend, count) {
  const scope = new Scope();
  try {
    const { api } = await startStack(scope, { backend, workers: 1, slots: 4 });
    await runTasks(api, WARM_UP);
    const before = cpuTimes(process.pid);
    const begun = performance.now();
    await runTasks(api, count);
    const tasks = count / ((performance.now() - begun) / 1000);
    const cpuMs = [...cpuTimes(process.pid)].map(([name, ms]) => [name, (ms - (before.get(name) ?? 0)) / count]);
    return { tasks, cpuMs: cpuMs.filter(([, ms]) => ms >= 0.01).sort(([, a], [, b]) => b - a) };
  } finally {
    await scope.end();
  }
}

/**
 * Tasks per second, their ratio to what xargs does right before and after, and CPU milliseconds of one task by process.
 */
export async function measureThroughput(backend, count) {
  const before = await measureXargs(count);
  const { tasks, cpuMs } = await measureTasks(backend, count);
  const baseline = (before + (await measureXargs(count))) / 2;
  return { tasks, cpuMs, baseline, ratio: tasks / baseline };
}
