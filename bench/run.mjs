// npm run bench [latency|throughput …]: prints figures with the baseline of the same run.
import { measureLatency } from './latency.mjs';
import { measureThroughput } from './throughput.mjs';

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);

if (isWanted('latency')) {
  console.log('Submission to start of the command, idle stack, 200 tasks one after the other');
  for (const backend of ['postgres', 'redis']) {
    const { p50, p99 } = await measureLatency(backend);
    console.log(`  ${backend.padEnd(9)} p50 ${p50.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms`);
  }
}
if (isWanted('throughput')) {
  console.log('/bin/true, 3000 tasks, durable submission to committed result, 1 worker with 4 slots');
  for (const backend of ['postgres', 'redis']) {
    const { tasks, baseline, ratio } = await measureThroughput(backend);
    console.log(`  ${backend.padEnd(9)} ${tasks.toFixed(0)} tasks/s   xargs -P2 ${baseline.toFixed(0)}/s   ratio ${ratio.toFixed(2)}`);
  }
}
