import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Scope, startStack } from './stack.mjs';

const TASKS = 3000;
const BATCH = 500;

/** The baseline: the same number of processes, two at a time, started by xargs. */
async function measureXargs() {
  const begun = performance.now();
  await promisify(execFile)('sh', ['-c', `seq ${TASKS} | xargs -P2 -n1 /bin/true`]);
  return TASKS / ((performance.now() - begun) / 1000);
}

/** From the first durable submission to the last committed result. */
async function measureTasks(backend) {
  const scope = new Scope();
  try {
    const { api } = await startStack(scope, { backend, workers: 1, slots: 4 });
    await api.waitTasks([(await api.submitTask({ args: ['/bin/true'] })).uuid]);
    const begun = performance.now();
    const uuids = [];
    for (let sent = 0; sent < TASKS; sent += BATCH) {
      const tasks = Array.from({ length: BATCH }, () => ({ args: ['/bin/true'] }));
      uuids.push(...(await api.submitTasks(tasks)).map(({ uuid }) => uuid));
    }
    const ended = await api.waitTasks(uuids);
    if (ended.some(({ state }) => state !== 'completed')) throw new Error('a task did not complete');
    return TASKS / ((performance.now() - begun) / 1000);
  } finally {
    await scope.end();
  }
}

/** Tasks per second, and their ratio to what xargs does right before and after. */
export async function measureThroughput(backend) {
  const before = await measureXargs();
  const tasks = await measureTasks(backend);
  const baseline = (before + (await measureXargs())) / 2;
  return { tasks, baseline, ratio: tasks / baseline };
}
