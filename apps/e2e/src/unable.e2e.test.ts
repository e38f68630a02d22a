import test from 'ava';
import type { MetricsSummary, TaskExplanation, TaskReceipt, WorkerView } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import { startWorkerBehindProxy } from './harness/disturbed-worker.js';
import { startStack } from './harness/stack.js';

test.serial('a worker that can not reach its queues in Redis says so everywhere, and that it can again', async (t) => {
  t.timeout(180_000);
  // Others get their deliveries from the coordinator, which says it of itself.
  const stack = await startStack(t, { backend: 'redis', workers: 0, queueAccess: 'direct' });
  const { worker } = await startWorkerBehindProxy(t, stack);
  t.is((await stack.mito('run', '-q', '--', 'true')).code, 0);
  await stack.redis?.kill();
  const workers = () => stack.json<WorkerView>('workers', 'query');
  const trouble = /the queue server at 127\.0\.0\.1:\d+ (refuses the connection|does not answer)/;
  await eventually(async () => trouble.test((await workers()).trouble ?? ''), {
    message: () => `the trouble: ${worker.stderr}`,
    timeoutMs: 60_000,
  });
  t.regex(worker.stdout + worker.stderr, /WARN.*this worker cannot work|"level":40.*this worker cannot work/);
  const { uuid } = await stack.json<TaskReceipt>('tasks', 'submit', '--', 'true');
  const explained = await stack.json<TaskExplanation>('tasks', 'explain', uuid);
  t.is(explained.workers[0]?.verdict, 'unable');
  t.regex((await stack.mito('workers', 'query')).stdout, /can't work/);
  t.regex((await stack.mito('workers', 'get', (await workers()).uuid)).stdout, trouble);
  t.is((await stack.json<MetricsSummary>('metrics', '--once')).workers[0]?.health, 'unable');
  t.regex((await stack.mito('doctor')).stdout, /can't work: the queue server/);
  const waiting = stack.spawn('tasks', 'wait', uuid);
  await eventually(() => waiting.stderr.includes('mito: waiting: the queue server is away'), {
    message: () => `the verdict: ${waiting.stderr}`,
  });
  await stack.redis?.restart();
  t.is((await waiting.ended).code, 0);
  await eventually(async () => (await workers()).trouble === null, {
    message: 'the end of the trouble',
    timeoutMs: 60_000,
  });
  t.regex(worker.stdout + worker.stderr, /this worker can work again/);
});

test.serial('who waits for a start is told why, and with --quiet is not', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { workers: 1 });
  t.is((await stack.mito('groups', 'create', 'empty')).code, 0);
  const running = stack.spawn('run', '-g', 'empty', '--', 'true');
  const quiet = stack.spawn('run', '-q', '-g', 'empty', '--', 'true');
  const verdict = 'no worker runs tasks of the group empty; there are workers for mitosis_admin (-g)';
  await eventually(() => running.stderr.includes(`mito: waiting: ${verdict}`), {
    message: () => `the verdict: ${running.stderr}`,
  });
  t.true(running.stderr.includes(`mito: warning: ${verdict}`), 'it was said at submission, too');
  t.is(running.stderr.split('waiting:').length, 2, 'once');
  t.is(quiet.stderr, '');
  const submitted = await stack.mito('tasks', 'submit', '-g', 'empty', '--', 'true');
  t.is(submitted.code, 0);
  t.regex(submitted.stderr, /warning: no worker runs tasks of the group empty/);
  const tagged = await stack.mito('run', '-t', 'gpu', '--', 'true');
  t.regex(tagged.stderr, /does not have these tags and takes any task: this one may run there/);
  const byDefault = await stack.mito('run', '--', 'true');
  t.notRegex(byDefault.stderr, /warning|waiting/);
});
