import { quantile, Scope, startStack } from './stack.mjs';

const TASKS = 200;

/**
 * From sending the submission to the first instruction of the command, on an idle stack: the command
 * prints its own time. Both clocks are this machine's.
 */
export async function measureLatency(backend) {
  const scope = new Scope();
  try {
    const { api } = await startStack(scope, { backend, workers: 1, slots: 2 });
    const delays = [];
    for (let index = 0; index < TASKS + 10; index += 1) {
      const sentAt = Date.now() + (performance.now() % 1);
      const { uuid } = await api.submitTask({ args: ['date', '+%s%N'] });
      await api.waitTasks([uuid]);
      const startedAt = Number(await printed(api, uuid)) / 1e6;
      if (index >= 10) delays.push(startedAt - sentAt);
    }
    return { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) };
  } finally {
    await scope.end();
  }
}

async function printed(api, uuid) {
  const { FrameDecoder } = await import('@mitosis/protocol');
  const decoder = new FrameDecoder();
  let text = '';
  for await (const item of api.followOutput(uuid)) {
    if (item.type === 'frames') for (const { payload } of decoder.push(item.frames)) text += Buffer.from(payload);
  }
  return text.trim();
}
