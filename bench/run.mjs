// npm run bench [-- latency|cancel|throughput|throughput=2000|idle|login|wasm|artifact|makespan|query|backlog|backlog=1000000 …]:
// prints figures with the baseline of the same run.
import { measureArtifact } from './artifact.mjs';
import { measureBacklog } from './backlog.mjs';
import { measureCancel } from './cancel.mjs';
import { measureIdle } from './idle.mjs';
import { measureLatency } from './latency.mjs';
import { measureLogin } from './login.mjs';
import { measureMakespan } from './makespan.mjs';
import { measureQueries } from './query.mjs';
import { measureThroughput } from './throughput.mjs';
import { measureSpeedUp, measureSubtasks, measureWarmRun } from './wasm.mjs';

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.some((word) => word.split('=')[0] === name);
const amountOf = (name, byDefault) =>
  Number(wanted.find((word) => word.startsWith(`${name}=`))?.split('=')[1] ?? byDefault);

if (isWanted('latency')) {
  console.log('Submission to start of the command, idle stack, 200 tasks one after the other');
  for (const backend of ['postgres', 'redis']) {
    const { p50, p99 } = await measureLatency(backend);
    console.log(`  ${backend.padEnd(9)} p50 ${p50.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms`);
  }
}
if (isWanted('cancel')) {
  console.log('Request to cancel a running, cooperative task, 200 tasks, 8 at a time on 1 worker');
  for (const backend of ['postgres', 'redis']) {
    const { end, outcome } = await measureCancel(backend);
    const show = ({ p50, p99 }) => `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
    console.log(
      `  ${backend.padEnd(9)} to the SIGTERM in the process ${show(end)}   to the committed outcome ${show(outcome)}`,
    );
  }
}
if (isWanted('throughput')) {
  const count = amountOf('throughput', 10_000);
  console.log(
    `/bin/true, ${count} tasks after 5000 to warm up, durable submission to committed result, 1 worker with 4 slots`,
  );
  for (const backend of ['postgres', 'redis']) {
    const { tasks, cpuMs, baseline, ratio } = await measureThroughput(backend, count);
    console.log(
      `  ${backend.padEnd(9)} ${tasks.toFixed(0)} tasks/s   xargs -P2 ${baseline.toFixed(0)}/s   ratio ${ratio.toFixed(2)}`,
    );
    console.log(
      `            processor time of one task: ${cpuMs.map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`).join(', ')}`,
    );
  }
}
if (isWanted('idle')) {
  console.log('A stack with 1 worker and nothing to do, over a minute, percent of one core');
  for (const backend of ['postgres', 'redis']) {
    const shares = await measureIdle(backend);
    console.log(
      `  ${backend.padEnd(9)} ${shares.map(([name, percent]) => `${name} ${percent.toFixed(2)} %`).join(', ')}`,
    );
  }
}
if (isWanted('login')) {
  const { refused, revoked } = await measureLogin();
  console.log('Logins');
  const medians = Object.entries(refused).map(([reason, ms]) => `${reason} ${ms.toFixed(1)} ms`);
  console.log(`  refused, median of 100 each: ${medians.join('   ')}`);
  console.log(
    `  from the answer to a revocation to the first refusal: p50 ${revoked.p50.toFixed(1)} ms   p99 ${revoked.p99.toFixed(1)} ms`,
  );
}
if (isWanted('makespan')) {
  console.log('Skewed task lengths on 4 workers with 1 slot, against ideal list scheduling of the same lengths');
  for (const backend of ['postgres', 'redis']) {
    const { idealMs, ratios } = await measureMakespan(backend);
    const median = ratios[Math.floor(ratios.length / 2)];
    console.log(
      `  ${backend.padEnd(8)}  ideal ${idealMs} ms   ratio ${median.toFixed(2)} (median of ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`,
    );
  }
}
if (isWanted('backlog')) {
  const count = amountOf('backlog', 20_000);
  console.log(`${count} ready tasks in the queue, and urgent ones on top of them`);
  for (const backend of ['postgres', 'redis']) {
    const { perSecond, memories, p50, p95 } = await measureBacklog(backend, count);
    console.log(
      `  ${backend.padEnd(9)} stored ${perSecond.toFixed(0)}/s   urgent task: p50 ${p50} ms, p95 ${p95} ms from submission to start`,
    );
    const show = (field, digits) => memories.map((memory) => memory[field].toFixed(digits)).join(', ');
    console.log(`            before, and after each quarter: coordinator ${show('coordinatorMiB', 0)} MiB`);
    if (backend === 'redis') console.log(`            Redis ${show('queueMiB', 1)} MiB`);
  }
}
if (isWanted('query')) {
  const count = amountOf('query', 1_000_000);
  console.log(`A page of 100 of ${count} tasks, through the API: administrator, then a member of three of ten groups`);
  const show = ({ p50, p99 }) => `p50 ${p50.toFixed(0).padStart(4)} ms  p99 ${p99.toFixed(0).padStart(4)} ms`;
  for (const { name, admin, member } of await measureQueries(count))
    console.log(`  ${name.padEnd(26)} ${show(admin)}     ${show(member)}`);
}
if (isWanted('artifact')) {
  console.log('One artifact of 2 GB: made, packed and uploaded by a worker, then downloaded; beside a plain copy');
  const { sizeMb, madeS, downloadS, copyS, peaksMb } = await measureArtifact(2e9);
  const rate = (seconds) => `${(sizeMb / seconds).toFixed(0)} MB/s`;
  console.log(
    `  made and stored ${madeS.toFixed(1)} s (${rate(madeS)})   downloaded ${rate(downloadS)}   copy ${rate(copyS)}`,
  );
  console.log(
    `  peak memory: ${Object.entries(peaksMb)
      .map(([name, mb]) => `${name} ${mb.toFixed(0)} MB`)
      .join('   ')}`,
  );
}
if (isWanted('wasm')) {
  const { bare, p50, p99 } = await measureWarmRun();
  console.log('Sandboxed WebAssembly');
  console.log(
    `  warm run  p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   over the bare instantiate ${(p50 - bare).toFixed(2)} ms`,
  );
  for (const backend of ['postgres', 'redis'])
    console.log(
      `  ${backend.padEnd(9)} ${(await measureSubtasks(backend)).toFixed(0)} subtasks/s, 1 worker with 2 slots`,
    );
  for (const [title, name, params] of [
    ['matrix_mul 1024', 'matrix_mul', { matrix_size: 1024, tile_size: 256 }],
    ['256 bcrypt hashes of cost 8', 'password_hash', { algorithm: 'bcrypt', cost: 8, count: 256 }],
  ]) {
    const { plain, one, two } = await measureSpeedUp(name, params);
    const ratio = (ms) => `${ms.toFixed(0)} ms (${(plain / ms).toFixed(2)} x)`;
    console.log(`  ${title}: one plain process ${plain.toFixed(0)} ms, 1 slot ${ratio(one)}, 2 slots ${ratio(two)}`);
  }
}
