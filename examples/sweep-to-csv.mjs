// Runs every combination of two parameters as one job and prints the results as CSV. A task reports
// by writing lines of JSON to metrics.jsonl in its result folder.
import { connect } from './connect.mjs';

const client = await connect();
const script = 'echo "{\\"product\\": $((A * B))}" > "$MITO_RESULT_DIR/metrics.jsonl"';
const tasks = [2, 3, 5].flatMap((a) => [7, 11].map((b) => ({ args: ['sh', '-c', script], env: { A: String(a), B: String(b) }, name: `${a} x ${b}` })));
const job = await client.jobs.submit({ name: 'products', tasks });
const { state } = await client.jobs.wait(job.uuid);
console.log('name,state,product');
for await (const { name, state: outcome, metrics } of client.jobs.results(job.uuid)) console.log([name, outcome, metrics.at(-1)?.product].join(','));
process.exitCode = state === 'completed' ? 0 : 1;
