import { Scope, startStack } from './stack.mjs';

const WORKERS = 4;
const ROUNDS = 5;

/** 60 lengths between 50 ms and 2 s, many short and few long ones, in a fixed shuffled order. */
function lengthsMs() {
  let state = 12_345;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Array.from({ length: 60 }, () => Math.round(50 * 40 ** (random() ** 2)));
}

/** Each task to the slot that is free first, in the order of submission (Graham 1966). */
function listSchedulingMs(lengths) {
  const slots = Array.from({ length: WORKERS }, () => 0);
  for (const length of lengths) {
    const first = slots.indexOf(Math.min(...slots));
    slots[first] += length;
  }
  return Math.max(...slots);
}

/**
 * What list scheduling needs; and the time from the submission of all
 * tasks to the end of the last one, as ratios to that, ascending.
 */
export async function measureMakespan(backend) {
  const scope = new Scope();
  try {
    const { api } = await startStack(scope, { backend, workers: WORKERS, slots: 1 });
    await api.waitTasks([(await api.submitTask({ args: ['true'] })).uuid]);
    const lengths = lengthsMs();
    const idealMs = listSchedulingMs(lengths);
    const ratios = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = performance.now();
      const receipts = await api.submitTasks(lengths.map((ms) => ({ args: ['sleep', String(ms / 1000)] })));
      await api.waitTasks(receipts.map(({ uuid }) => uuid));
      ratios.push((performance.now() - begun) / idealMs);
    }
    return { idealMs, ratios: ratios.sort((a, b) => a - b) };
  } finally {
    await scope.end();
  }
}
