import { randomUUID } from 'node:crypto';
import test from 'ava';
import { encodeFrame, FrameDecoder, type SubmitTaskInput } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { of } = eachBackend(test);
const TOTAL = 2_500;

const tasksOf = (total: number): SubmitTaskInput[] =>
  Array.from({ length: total }, (_, index) => ({ args: ['true', String(index)] }));

/** Submits and stops after the first `parts` requests, as Ctrl-C does. */
async function interrupted({ api }: CoordinatorFixture, key: string, parts: number): Promise<string> {
  const stop = new AbortController();
  let [uuid, told] = ['', 0];
  const onProgress = (_: number, job: string): void => {
    uuid = job;
    told += 1;
    if (told === parts) stop.abort(new Error('Ctrl-C'));
  };
  const options = { idempotencyKey: key, signal: stop.signal, onProgress };
  await api.jobs.submit({ tasks: tasksOf(TOTAL) }, options).catch((error: Error) => {
    if (error.message !== 'Ctrl-C') throw error;
  });
  return uuid;
}

test('an interrupted submission is shown as unfinished, and the same key finishes it', async (t) => {
  const { api } = of('postgres');
  const key = randomUUID();
  const uuid = await interrupted(of('postgres'), key, 2);
  t.like(await api.jobs.get(uuid), { is_open: true, total: 2_000, expected_tasks: TOTAL, idempotency_key: key });
  const dependent = await api.submitTask({ args: ['true'], after: [{ job: uuid }] });
  t.is(dependent.state, 'pending');
  t.is(
    (await api.explainTask(dependent.uuid)).summary,
    `it waits for the job ${uuid}, whose submission is unfinished: 2000 of 2500 tasks are stored`,
  );
  const finished = await api.jobs.submit({ tasks: tasksOf(TOTAL) }, { idempotencyKey: key });
  t.is(finished.uuid, uuid);
  t.is(new Set(finished.tasks).size, TOTAL);
  t.like(await api.jobs.get(uuid), { is_open: false, total: TOTAL, idempotency_key: null });
  t.deepEqual(await api.jobs.submit({ tasks: tasksOf(TOTAL) }, { idempotencyKey: key }), finished, 'and once more');
  const results = [];
  for await (const { index, task } of api.jobs.results(uuid)) results.push([index, task]);
  t.deepEqual(
    results,
    finished.tasks.map((task, index) => [index, task]),
  );
});

test('two submissions with the same key at once are one', async (t) => {
  const { api } = of('postgres');
  const key = randomUUID();
  const [one, two] = await Promise.all(
    [1, 2].map(() => api.jobs.submit({ tasks: tasksOf(TOTAL) }, { idempotencyKey: key })),
  );
  t.deepEqual(one, two);
  t.like(await api.jobs.get(one?.uuid ?? ''), { is_open: false, total: TOTAL });
});

test('an unfinished submission can be closed: what waits for it starts when its tasks are done', async (t) => {
  const coordinator = of('postgres');
  const { api } = coordinator;
  const { uuid, tasks } = await api.jobs.open({ tasks: tasksOf(1) });
  const dependent = await api.submitTask({ args: ['true'], after: [{ job: uuid }] });
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task: tasks[0]?.uuid ?? '', request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  await worker.report([reportOf(claimed, 0)]);
  t.is((await api.getTask(dependent.uuid)).state, 'pending');
  t.regex((await api.explainTask(dependent.uuid)).summary, /which is open: more tasks are to come/);
  await api.jobs.close(uuid);
  t.is((await api.getTask(dependent.uuid)).state, 'ready');
});

test('an unfinished submission can be cancelled, and is not to be finished then', async (t) => {
  const { api } = of('postgres');
  const key = randomUUID();
  const uuid = await interrupted(of('postgres'), key, 1);
  await api.jobs.cancel(uuid);
  t.like(await api.jobs.get(uuid), { state: 'cancelled', is_open: false, total: 1_000, expected_tasks: TOTAL });
  await t.throwsAsync(api.jobs.submit({ tasks: tasksOf(TOTAL) }, { idempotencyKey: key }), { code: 'job_closed' });
});

test('a key that was used for something else is refused with the difference, and nothing changes', async (t) => {
  const { api } = of('postgres');
  const key = randomUUID();
  const reused = async (again: () => Promise<unknown>, message: RegExp): Promise<void> =>
    void (await t.throwsAsync(again, { code: 'idempotency_key_reused', message }));
  const { uuid } = await api.jobs.submit({ tasks: tasksOf(2), name: 'a' }, { idempotencyKey: key });
  await reused(
    () => api.jobs.submit({ tasks: tasksOf(3), name: 'a' }, { idempotencyKey: key }),
    /differs in the number of tasks$/,
  );
  await reused(() => api.jobs.submit({ tasks: tasksOf(2), name: 'b' }, { idempotencyKey: key }), /differs in name$/);
  await reused(
    () =>
      api.jobs.submit(
        { tasks: tasksOf(2).map((task) => ({ ...task, priority: 1 })), name: 'a' },
        { idempotencyKey: key },
      ),
    /differs in priority$/,
  );
  await reused(() => api.submitTask({ args: ['true'] }, { idempotencyKey: key }), /for a job, and this is tasks$/);
  t.like(await api.jobs.get(uuid), { total: 2, counts: { cancelled: 0 } });
  const other = tasksOf(TOTAL).map((task, index) => (index === 1_500 ? { args: ['false'] } : task));
  const long = randomUUID();
  const first = await api.jobs.submit({ tasks: tasksOf(TOTAL) }, { idempotencyKey: long });
  await reused(() => api.jobs.submit({ tasks: other }, { idempotencyKey: long }), /differs in args/);
  t.like(await api.jobs.get(first.uuid), { is_open: false, total: TOTAL, counts: { cancelled: 0 } });
});

test('what is wrong with a late task is found before anything is stored', async (t) => {
  const { api } = of('postgres');
  const tasks = tasksOf(TOTAL).map((task, index) => (index === 2_400 ? { args: [] } : task));
  await t.throwsAsync(api.jobs.submit({ tasks, name: 'wrong' }), {
    code: 'invalid_request',
    message: /^tasks\.2400\.args: /,
  });
  t.deepEqual((await api.jobs.query({ name: 'wrong' })).jobs, []);
});

test('a submission whose later tasks are refused leaves no job that runs', async (t) => {
  const { api } = of('postgres');
  const after = [{ task: randomUUID() }];
  const tasks = tasksOf(TOTAL).map((task, index) => (index === 2_400 ? { ...task, after } : task));
  await t.throwsAsync(api.jobs.submit({ tasks, name: 'refused' }), { code: 'task_not_found' });
  const [job] = (await api.jobs.query({ name: 'refused' })).jobs;
  t.like(job, { state: 'cancelled', is_open: false, total: 2_000 });
});

test('retrying what failed is a submission: neither the quota nor the lock of a group is passed', async (t) => {
  const coordinator = of('postgres');
  const { api } = coordinator;
  const name = `g${randomUUID().slice(0, 8)}`;
  await api.access.createGroup(name);
  const { uuid } = await api.jobs.open({ group: name, tasks: tasksOf(3) });
  await api.jobs.cancel(uuid);
  await api.access.setQuotas(name, { queued_tasks_max: { set: 2 } });
  await t.throwsAsync(api.jobs.retryFailed(uuid), { code: 'queued_tasks_quota' });
  t.like(await api.jobs.get(uuid), { counts: { cancelled: 3, ready: 0 } });
  await api.access.setQuotas(name, { queued_tasks_max: { set: 3 } });
  await api.access.setGroupState(name, 'locked');
  await t.throwsAsync(api.jobs.retryFailed(uuid), { code: 'group_locked' });
  await api.access.setGroupState(name, 'active');
  t.is(await api.jobs.retryFailed(uuid), 3);
});

/** What a task printed, by attempt, as anybody reads it. */
async function outputOf({ api }: CoordinatorFixture, uuid: string, attempt?: number): Promise<string> {
  const decoder = new FrameDecoder();
  let text = '';
  for await (const item of api.followOutput(uuid, { isSnapshot: true, attempt })) {
    if (item.type === 'end') continue;
    for (const { payload } of decoder.push(item.frames)) text += Buffer.from(payload).toString();
  }
  return text;
}

test('the output of every attempt can be read after a retry', async (t) => {
  const coordinator = of('postgres');
  const { uuid } = await coordinator.api.submitTask({ args: ['true'], retries: 1, retry_delay_ms: 0 });
  const worker = await connectWorker(coordinator);
  for (const attempt of [1, 2]) {
    const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
    if (!claimed) throw new Error('the claim was refused');
    const frames = Buffer.from(encodeFrame('stdout', Buffer.from(`try ${attempt}\n`))).toString('base64');
    await worker.report([reportOf(claimed, 2 - attempt, { output: { stored: 'inline', frames_base64: frames } })]);
  }
  t.is(await outputOf(coordinator, uuid), 'try 2\n');
  t.is(await outputOf(coordinator, uuid, 1), 'try 1\n');
  t.is(await outputOf(coordinator, uuid, 2), 'try 2\n');
  await t.throwsAsync(outputOf(coordinator, uuid, 3), {
    code: 'attempt_not_found',
    message: /no attempt 3: it has 1, 2/,
  });
});

test('keys and logins are removed after 30 days; the keys of an unfinished submission stay', async (t) => {
  const coordinator = of('postgres');
  const { api, database } = coordinator;
  const [open, ended, recent] = [randomUUID(), randomUUID(), randomUUID()];
  await interrupted(coordinator, open, 2);
  await api.submitTask({ args: ['true'] }, { idempotencyKey: ended });
  await api.submitTask({ args: ['true'] }, { idempotencyKey: recent });
  await database.query(
    `UPDATE idempotency_keys SET created_at = now() - interval '31 days' WHERE key = $1 OR starts_with(key, $2)`,
    [ended, open],
  );
  await database.query(
    `INSERT INTO sessions (id, user_id, expires_at) SELECT gen_random_uuid(), id, now() - days * interval '1 day'
     FROM users, unnest(ARRAY[31, 29]) AS days`,
  );
  const replica = await coordinator.startReplica();
  const kept = async (): Promise<string[]> =>
    ((await database.query('SELECT key FROM idempotency_keys')) as { key: string }[]).map(({ key }) => key);
  await eventually(async () => !(await kept()).includes(ended), { message: 'the old key is removed' });
  const keys = await kept();
  for (const key of [open, `${open}#1`, recent]) t.true(keys.includes(key), key);
  const sessions = async (age: string): Promise<unknown[]> =>
    (await database.query(`SELECT 1 FROM sessions WHERE expires_at < now() - interval '${age}'`)) as unknown[];
  await eventually(async () => (await sessions('30 days')).length === 0, { message: 'the old logins are removed' });
  t.true((await sessions('28 days')).length > 0);
  await replica.stop();
});
