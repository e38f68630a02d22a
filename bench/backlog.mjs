import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile, Scope, startStack } from './stack.mjs';

const BATCH = 1000;
const SENDERS = 4;
const URGENT = 40;
/** Memory is read after each of these equal parts; it must not grow from one to the next. */
const PARTS = 4;

async function residentMiB(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
}

async function submitMany(api, count) {
  let next = 0;
  const send = async () => {
    while (next < count) {
      next += BATCH;
      await api.submitTasks(
        Array.from({ length: BATCH }, () => ({ args: ['sleep', '0.05'], name: 'backlog', timeout_ms: 60_000 })),
      );
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

/**
 * Many ready tasks: how fast they are stored, what memory they cost outside Postgres, and how soon a
 * task of higher priority starts on top of them. The delay counts from the submission, and every slot
 * is taken by a 50 ms task: half a task length of it is the wait for a slot.
 */
export async function measureBacklog(backend, count) {
  const scope = new Scope();
  try {
    const { api, pids, queueBytes } = await startStack(scope, { backend, workers: 1, slots: 4 });
    const memory = async () => ({
      coordinatorMiB: await residentMiB(pids.coordinator),
      queueMiB: (await queueBytes()) / 2 ** 20,
    });
    const memories = [await memory()];
    const begun = performance.now();
    for (let part = 0; part < PARTS; part += 1) {
      await submitMany(api, count / PARTS);
      memories.push(await memory());
    }
    const perSecond = count / ((performance.now() - begun) / 1000);
    const delays = [];
    for (let index = 0; index < URGENT; index += 1) {
      const { uuid } = await api.submitTask({ args: ['true'], priority: 10 });
      await api.waitTasks([uuid]);
      const task = await api.getTask(uuid);
      delays.push(Date.parse(task.started_at) - Date.parse(task.created_at));
      await delay(20);
    }
    return { perSecond, memories, p50: quantile(delays, 0.5), p95: quantile(delays, 0.95) };
  } finally {
    await scope.end();
  }
}
