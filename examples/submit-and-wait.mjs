// Submits ten tasks, waits for all of them, and shows what failed.
import { connect } from './connect.mjs';

const client = await connect();
const receipts = await client.submitTasks(Array.from({ length: 10 }, (_, index) => ({ args: ['sh', '-c', `exit ${index % 5 === 4 ? 1 : 0}`], name: `task ${index}` })));
const ended = await client.waitTasks(
  receipts.map(({ uuid }) => uuid),
  // An AbortSignal ends any call; here nobody waits longer than two minutes.
  { signal: AbortSignal.timeout(120_000) },
);
const failed = ended.filter(({ state }) => state !== 'completed');
console.log(`${ended.length - failed.length} completed, ${failed.length} failed`);
for (const { uuid } of failed) console.log(`${(await client.getTask(uuid)).name} ended with ${(await client.getTask(uuid)).exit_code}`);
