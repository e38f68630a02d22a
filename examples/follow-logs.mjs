// Shows what a task prints, while it prints it.
import { connect } from './connect.mjs';

const client = await connect();
// The same key submits nothing new: a program that does not know whether it was heard may ask again.
const task = { args: ['sh', '-c', 'for i in 1 2 3; do echo "step $i"; sleep 0.2; done; echo done >&2'] };
const { uuid } = await client.submitTask(task, { idempotencyKey: `example-${process.pid}-${Date.now()}` });
for await (const { stream, text } of client.logs(uuid)) process[stream === 'stderr' ? 'stderr' : 'stdout'].write(text);
console.log((await client.getTask(uuid)).state);
