import { randomUUID } from 'node:crypto';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import type { ApplyJobInput } from '@mitosis/protocol';
import { eventually, fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
});

const hex = (letter: string): string => letter.repeat(64);

const taskOf = (value: string, run = 'f'): NonNullable<ApplyJobInput['tasks']>[number] => ({
  identity: hex(value),
  run: hex(run),
  task: { args: ['true'], params: { value } },
});

const jobOf = (name: string, tasks: ApplyJobInput['tasks'], more: Partial<ApplyJobInput> = {}): ApplyJobInput => ({
  name,
  tasks,
  ...more,
});

async function endTask(task: string, exitCode = 0): Promise<void> {
  const worker = await connectWorker(coordinator);
  const claimed = await eventually(async () => (await worker.claim([{ task, request: randomUUID() }]))[0], {
    message: 'the task to be claimed',
  });
  await worker.report([reportOf(claimed, exitCode)]);
}

const outcomes = ({ tasks }: { tasks: readonly { outcome: string }[] }): string[] =>
  tasks.map(({ outcome }) => outcome);

test('a file that has grown adds what is new; indices that were given stay', async (t) => {
  const { experiments } = coordinator.api;
  const name = randomUUID();
  const first = await experiments.apply(jobOf(name, [taskOf('a'), taskOf('c')]));
  t.deepEqual(outcomes(first), ['created', 'created']);
  const second = await experiments.apply(jobOf(name, [taskOf('c'), taskOf('b'), taskOf('a')]));
  t.is(second.uuid, first.uuid);
  t.deepEqual(outcomes(second), ['unchanged', 'created', 'unchanged']);
  t.deepEqual([second.tasks[0]?.uuid, second.tasks[2]?.uuid], [first.tasks[1]?.uuid, first.tasks[0]?.uuid]);
  const { tasks } = await experiments.tasks('mitosis_admin', name);
  t.deepEqual(
    tasks.map(({ index, params }) => [index, params.value]),
    [
      [0, 'a'],
      [1, 'c'],
      [2, 'b'],
    ],
  );
  const [{ index }] = (await coordinator.database.query(
    `SELECT (spec ->> 'array_index')::int AS index FROM tasks WHERE id = $1`,
    [second.tasks[1]?.uuid],
  )) as [{ index: number }];
  t.is(index, 2);
});

test('the same file applied by several at the same time, through two coordinators, is stored once', async (t) => {
  const { url } = await coordinator.startReplica();
  const other = new MitosisClient({ url, token: coordinator.token });
  const name = randomUUID();
  const job = jobOf(name, [taskOf('a'), taskOf('b'), taskOf('c')]);
  const applied = await Promise.all(
    [coordinator.api, other, coordinator.api, other].map((api) => api.experiments.apply(job)),
  );
  t.is(new Set(applied.map(({ uuid }) => uuid)).size, 1);
  t.is(applied.flatMap(outcomes).filter((outcome) => outcome === 'created').length, 3);
  t.is(await coordinator.api.countTasks({ job: applied[0]?.uuid ?? '' }), 3);
});

test('a changed task is named, and run again only with --rerun-changed and after its end', async (t) => {
  const { experiments } = coordinator.api;
  const name = randomUUID();
  const first = await experiments.apply(jobOf(name, [taskOf('a'), taskOf('b')]));
  const [a = '', b = ''] = first.tasks.map(({ uuid }) => uuid);
  t.deepEqual(outcomes(await experiments.apply(jobOf(name, [taskOf('a', 'e')]))), ['changed']);
  await endTask(a);
  const again = await experiments.apply(jobOf(name, [taskOf('a', 'e'), taskOf('b', 'e')], { rerun_changed: true }));
  t.deepEqual(outcomes(again), ['rerun', 'busy']);
  t.is(again.tasks[1]?.uuid, b);
  t.is((await coordinator.api.getTask(a)).retried_by, again.tasks[0]?.uuid ?? '');
  t.is((await coordinator.api.getTask(again.tasks[0]?.uuid ?? '')).job_index, 0);
  const job = await coordinator.api.jobs.get(first.uuid);
  t.is(job.total, 2);
  t.deepEqual(outcomes(await experiments.apply(jobOf(name, [taskOf('a', 'e')]))), ['unchanged']);
});

test('a task that was retried is the one that the file knows', async (t) => {
  const { experiments, jobs } = coordinator.api;
  const name = randomUUID();
  const first = await experiments.apply(jobOf(name, [taskOf('a')]));
  await endTask(first.tasks[0]?.uuid ?? '', 1);
  t.is(await jobs.retryFailed(first.uuid), 1);
  const again = await experiments.apply(jobOf(name, [taskOf('a')]));
  t.deepEqual(outcomes(again), ['unchanged']);
  t.not(again.tasks[0]?.uuid, first.tasks[0]?.uuid);
});

test('a job of several requests is open until the last one, also one of a later run', async (t) => {
  const { experiments, jobs } = coordinator.api;
  const name = randomUUID();
  const { uuid } = await experiments.apply(jobOf(name, [taskOf('a')], { is_last: false }));
  t.true((await jobs.get(uuid)).is_open);
  const definition = { format: 'toml' as const, text: '[jobs.a]\nrun = "x"\n' };
  await experiments.apply(jobOf(name, [], { definition }));
  t.false((await jobs.get(uuid)).is_open);
  t.deepEqual(await experiments.definition(uuid), definition);
});

test('a task with a start time waits for it, and an open job may begin without tasks', async (t) => {
  const { api } = coordinator;
  const later = await api.submitTask({ args: ['true'], start_in_ms: 30 * 86_400_000 });
  const soon = await api.submitTask({ args: ['true'], start_in_ms: 1 });
  const past = await api.submitTask({ args: ['true'], start_at: '2000-01-01T00:00:00Z' });
  for (const { uuid } of [soon, past])
    await eventually(async () => (await api.getTask(uuid)).state === 'ready', { message: 'the task to be released' });
  t.is((await api.getTask(later.uuid)).state, 'pending');
  t.regex((await api.explainTask(later.uuid)).summary, /start time, \d{4}-/);
  await t.throwsAsync(api.submitTask({ args: ['true'], start_in_ms: 1, start_at: '2000-01-01T00:00:00Z' }), {
    message: /start_in_ms: use either/,
  });
  const job = await api.jobs.open({ name: 'grows', tasks: [] });
  await api.jobs.add(job.uuid, [{ args: ['true'] }], false);
  t.is((await api.jobs.close(job.uuid)).total, 1);
  await t.throwsAsync(api.jobs.submit({ name: 'empty', tasks: [] }), { message: /tasks: / });
  await t.throwsAsync(api.jobs.open({ tasks: [] }), { message: /name: / });
});

test('a request that can not be is refused and stores nothing', async (t) => {
  const { experiments } = coordinator.api;
  const name = randomUUID();
  await t.throwsAsync(experiments.apply(jobOf(name, [])), { message: /at least one/ });
  await t.throwsAsync(experiments.apply(jobOf(name, [taskOf('a'), taskOf('a')])), { message: /tasks\.1\.identity/ });
  await t.throwsAsync(experiments.apply(jobOf(name, [taskOf('a')], { group: 'nobody' })), { code: 'group_not_found' });
  const wrong = { ...taskOf('a'), task: { args: ['true'], after: [{ job: randomUUID() }] } };
  await t.throwsAsync(experiments.apply(jobOf(name, [wrong])), { code: 'job_not_found' });
  t.is((await experiments.tasks('mitosis_admin', name)).job, null);
  const { uuid } = await coordinator.api.jobs.submit({ tasks: [{ args: ['true'] }] });
  await t.throwsAsync(experiments.definition(uuid), { code: 'no_definition' });
});
