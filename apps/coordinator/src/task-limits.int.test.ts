import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const HOUR = 3_600_000;
const started = coordinatorFixture(file, 'postgres', { task_timeout: '1h', task_timeout_max: '2d', retry_delay: '7s' });

test('a task that names no time limit gets that of its group, else that of the deployment', async (t) => {
  const { api } = await started;
  await api.access.createGroup('timed');
  const of = async (timeout_ms?: number | null) => {
    const task = { group: 'timed', args: ['true'], ...(timeout_ms !== undefined && { timeout_ms }) };
    const receipt = await api.submitTask(task);
    t.is((await api.getTask(receipt.uuid)).timeout_ms, receipt.timeout_ms ?? null);
    return [receipt.timeout_ms, receipt.timeout_from];
  };
  t.deepEqual(await of(), [HOUR, 'deployment']);
  const limits = { timeout_default_ms: 2 * HOUR, timeout_max_ms: 3 * HOUR, retries_default: 4 };
  t.like(await api.access.setLimits('timed', limits), limits);
  t.deepEqual(await of(), [2 * HOUR, 'group']);
  t.deepEqual(await of(5_000), [5_000, 'task']);
  t.deepEqual(await of(null), [3 * HOUR, 'group'], 'no limit is the longest');
  await t.throwsAsync(of(3 * HOUR + 1), {
    code: 'invalid_request',
    message: /group "timed" allows; use 3 h 0 m or less/,
  });
  const { uuid } = await api.submitTask({ group: 'timed', args: ['true'] });
  t.like(await api.getTask(uuid), { retries: 4, retry_delay_ms: 7_000 });
  await t.throwsAsync(api.changeTask(uuid, { timeout_ms: 4 * HOUR }), { code: 'invalid_request' });
  await t.throwsAsync(api.access.setLimits('timed', { timeout_default_ms: 4 * HOUR }), {
    code: 'invalid_request',
    message: /timeout_default_ms/,
  });
  await api.access.setLimits('timed', { timeout_default_ms: null, timeout_max_ms: null, retries_default: null });
  t.deepEqual(await of(), [HOUR, 'deployment']);
  await t.throwsAsync(of(3 * 24 * HOUR), { code: 'invalid_request', message: /this deployment allows/ });
});

test('a task that asks for no cores or memory gets what its group gives', async (t) => {
  const { api } = await started;
  await api.access.createGroup('measured');
  const needsOf = async (needs?: SubmitTaskInput['needs']) =>
    (await api.getTask((await api.submitTask({ group: 'measured', args: ['true'], needs })).uuid)).needs;
  t.deepEqual(await needsOf(), []);
  const limits = { cpus_default: 2, mem_default_bytes: 4_000_000_000 };
  t.like(await api.access.setLimits('measured', limits), limits);
  t.deepEqual(await needsOf(), [{ cpus: 2, mem_bytes: 4_000_000_000 }]);
  t.deepEqual(await needsOf([{ cpus: 8 }, { whole_machine: true }]), [
    { cpus: 8, mem_bytes: 4_000_000_000 },
    { whole_machine: true },
  ]);
  for (const wrong of [{ cpus_default: -1 }, { cpus_default: 1.5 }, { mem_default_bytes: 0 }, { cpus_default: 65_537 }])
    await t.throwsAsync(api.access.setLimits('measured', wrong), { code: 'invalid_request', message: /_default/ });
  await api.access.setLimits('measured', { cpus_default: null, mem_default_bytes: null });
  t.deepEqual(await needsOf(), []);
});

test('what is submitted again is within the limits of today', async (t) => {
  const { api, ...rest } = await started;
  await api.access.createGroup('shrinking');
  const { uuid: job } = await api.jobs.submit({
    group: 'shrinking',
    tasks: [{ args: ['false'], timeout_ms: 2 * HOUR }],
  });
  const worker = await connectWorker({ ...rest }, { groups: ['shrinking'] });
  const [task] = (await api.queryTasks({ job })).tasks;
  const [claimed] = await worker.claim([{ task: task?.uuid ?? '', request: randomUUID() }]);
  if (!claimed) return t.fail('the task was not claimed');
  await worker.report([reportOf(claimed, 1)]);
  await api.access.setLimits('shrinking', { timeout_max_ms: HOUR });
  t.is(await api.jobs.retryFailed(job), 1);
  const [retried] = (await api.queryTasks({ job, state: ['ready'] })).tasks;
  t.is(retried?.timeout_ms, HOUR);
  await t.throwsAsync(api.rerunTask(claimed.task, {}), { code: 'invalid_request', message: /use 1 h 0 m or less/ });
  t.is((await api.rerunTask(claimed.task, { timeout_ms: 5_000 })).timeout_ms, 5_000);
});
