import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimes } from './cpu-times.mjs';
import { Scope, startStack } from './stack.mjs';

const SETTLE_MS = 20_000;
const WATCH_MS = 60_000;

/**
 * Processor time of a stack that has nothing to do, by part, in percent of one core. A part may be several processes.
 */
export async function measureIdle(backend) {
  const scope = new Scope();
  try {
    const { api } = await startStack(scope, { backend, workers: 1, slots: 4 });
    await api.waitTasks([(await api.submitTask({ args: ['true'] })).uuid]);
    await delay(SETTLE_MS);
    const before = cpuTimes(process.pid);
    await delay(WATCH_MS);
    const shares = [...cpuTimes(process.pid)].map(([name, ms]) => [
      name,
      ((ms - (before.get(name) ?? 0)) / WATCH_MS) * 100,
    ]);
    return shares.sort(([, a], [, b]) => b - a);
  } finally {
    await scope.end();
  }
}
