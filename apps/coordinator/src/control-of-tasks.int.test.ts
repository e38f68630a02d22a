import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import test from 'ava';
import { ToWorker, type ClaimedTask, type SubmitTaskInput } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import { BACKENDS, connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend, of } = eachBackend(test);

async function submit({ api }: CoordinatorFixture, task: Partial<SubmitTaskInput> = {}): Promise<string> {
  return (await api.submitTask({ args: ['true'], ...task })).uuid;
}

async function claim(coordinator: CoordinatorFixture, task: string): Promise<ClaimedTask> {
  const [claimed] = await (await connectWorker(coordinator)).claim([{ task, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  return claimed;
}

async function run(
  coordinator: CoordinatorFixture,
  task: string,
  exitCode = 0,
  changes: Parameters<typeof reportOf>[2] = {},
): Promise<void> {
  const claimed = await claim(coordinator, task);
  await (await connectWorker(coordinator)).report([reportOf(claimed, exitCode, changes)]);
}

const stateOf = async ({ api }: CoordinatorFixture, uuid: string): Promise<string> => (await api.getTask(uuid)).state;

onEachBackend('a waiting task is cancelled at once, with who asked and why', async (t, coordinator) => {
  const uuid = await submit(coordinator);
  t.is((await coordinator.api.cancelTask(uuid, { reason: 'wrong data' })).result, 'cancelled');
  t.like(await coordinator.api.getTask(uuid), {
    state: 'cancelled',
    reason: 'cancelled',
    cancelled_by: 'mitosis_admin',
    cancel_reason: 'wrong data',
  });
  t.is((await coordinator.api.cancelTask(uuid)).result, 'ended');
  await t.throwsAsync(claim(coordinator, uuid), { message: /refused/ });
  await t.throwsAsync(coordinator.api.cancelTask(randomUUID()), { code: 'task_not_found' });
});

onEachBackend('a request to cancel outlives the attempt that did not hear of it', async (t, coordinator) => {
  const uuid = await submit(coordinator, { retries: 5 });
  const claimed = await claim(coordinator, uuid);
  t.is((await coordinator.api.cancelTask(uuid, { reason: 'enough' })).result, 'requested');
  t.is(await stateOf(coordinator, uuid), 'running');
  await (await connectWorker(coordinator)).report([reportOf(claimed, 0, { outcome: 'released', exit_code: null })]);
  t.like(await coordinator.api.getTask(uuid), { state: 'cancelled', message: 'enough' });
});

onEachBackend('an order to cancel that was lost arrives with the next heartbeat', async (t, coordinator) => {
  const uuid = await submit(coordinator);
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  const { task, attempt, lease } = claimed;
  // The worker is connected to no coordinator.
  await coordinator.api.cancelTask(uuid, { reason: 'enough' });
  const socket = worker.openChannel();
  t.teardown(() => socket.terminate());
  const said: ToWorker[] = [];
  socket.on('message', (data) => said.push(ToWorker.parse(JSON.parse(String(data)))));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'heartbeat', running: [{ task, attempt, lease }], free_slots: 0 }));
  const leases = await eventually(() => said.find(({ type }) => type === 'leases'), {
    message: 'the answer to the heartbeat',
  });
  t.deepEqual(leases, { type: 'leases', stale: [], cancelled: [{ task, attempt, reason: 'enough' }] });
  t.false(said.some(({ type }) => type === 'cancel'));
});

onEachBackend(
  'a job whose cancel broke off half-way is closed and continues; asked again, all of it ends',
  async (t, coordinator) => {
    const { api } = coordinator;
    const job = await api.jobs.open({ tasks: [{ args: ['true'] }, { args: ['true'] }] });
    const child = await submit(coordinator, { after: [{ job: job.uuid }] });
    // The first of its transactions, and no other.
    await api.jobs.close(job.uuid);
    t.is((await api.jobs.get(job.uuid)).state, 'ready');
    t.is(await stateOf(coordinator, child), 'pending');
    await run(coordinator, job.tasks[0]?.uuid ?? '');
    t.is(await stateOf(coordinator, child), 'pending');
    t.like(await api.jobs.cancel(job.uuid), { cancelled: 1, requested: 0 });
    t.is((await api.jobs.get(job.uuid)).state, 'cancelled');
    t.like(await api.getTask(child), { state: 'failed', reason: 'dependency_failed' });
    t.like(await api.jobs.cancel(job.uuid), { cancelled: 0, requested: 0 });
  },
);

onEachBackend('tasks are cancelled by uuid, and by filter', async (t, coordinator) => {
  const label = randomUUID();
  const uuids = await Promise.all([1, 2, 3].map(() => submit(coordinator, { labels: [label] })));
  const unknown = randomUUID();
  const named = await coordinator.api.cancelTasks({ uuids: [uuids[0] as string, unknown] });
  t.deepEqual(named.results, [
    { uuid: uuids[0] as string, result: 'cancelled' },
    { uuid: unknown, result: 'not_found' },
  ]);
  t.like(await coordinator.api.cancelTasks({ filter: { labels: [label] } }), { cancelled: 2, requested: 0 });
  t.is(await coordinator.api.countTasks({ labels: [label], state: ['cancelled'] }), 3);
});

onEachBackend('what waits can be changed, what runs keeps all but its labels', async (t, coordinator) => {
  const uuid = await submit(coordinator);
  const changed = await coordinator.api.changeTask(uuid, {
    args: ['echo', 'new'],
    tags: ['gpu'],
    priority: 7,
    timeout_ms: 5_000,
    labels: ['a'],
  });
  t.like(changed, {
    name: 'echo new',
    args: ['echo', 'new'],
    tags: ['gpu'],
    priority: 7,
    timeout_ms: 5_000,
    labels: ['a'],
  });
  t.deepEqual(
    (await coordinator.api.queryTasks({ tags: ['gpu'], priority: '=7', labels: ['a'], text: 'new' })).tasks.map(
      (task) => task.uuid,
    ),
    [uuid],
  );
  const [missing] = await (
    await connectWorker(coordinator, { tags: ['cpu'] })
  ).claim([{ task: uuid, request: randomUUID() }]);
  t.is(missing, undefined, 'the new tags count');
  t.deepEqual((await claim(coordinator, uuid)).spec.args, ['echo', 'new']);
  await t.throwsAsync(coordinator.api.changeTask(uuid, { priority: 1 }), { code: 'task_started' });
  t.deepEqual((await coordinator.api.changeTask(uuid, { labels: ['b'] })).labels, ['b']);
  t.is((await coordinator.api.queryTasks({ labels: ['b'] })).tasks[0]?.uuid, uuid);
});

onEachBackend('a task starts when all that it waits for has completed', async (t, coordinator) => {
  const [a, b] = [await submit(coordinator), await submit(coordinator)];
  const child = await submit(coordinator, { after: [{ task: a }, { task: b }] });
  t.is(await stateOf(coordinator, child), 'pending');
  await run(coordinator, a);
  t.like(await coordinator.api.getTask(child), { state: 'pending', waits_for: 1 });
  await run(coordinator, b);
  t.is(await stateOf(coordinator, child), 'ready');
  t.is(
    (await coordinator.api.submitTask({ args: ['true'], after: [{ task: a }] })).state,
    'ready',
    'what has happened need not be waited for',
  );
});

onEachBackend(
  'a task that has not started can be made to wait for something else, or for nothing',
  async (t, coordinator) => {
    const { api } = coordinator;
    const [first, second, task] = [await submit(coordinator), await submit(coordinator), await submit(coordinator)];
    t.like(await api.changeTask(task, { after: [{ task: first }, { task: second, when: 'ended' }] }), {
      state: 'pending',
      waits_for: 2,
    });
    await t.throwsAsync(claim(coordinator, task), { message: /refused/ });
    t.like(await api.changeTask(task, { after: [{ task: second }] }), {
      state: 'pending',
      waits_for: 1,
      after: [{ kind: 'task', uuid: second, when: 'completed', state: 'open' }],
    });
    await run(coordinator, first);
    t.is(await stateOf(coordinator, task), 'pending', 'it no longer waits for the first');
    t.like(await api.changeTask(task, { after: [] }), { state: 'ready', waits_for: 0, after: [] });
    t.like(await api.changeTask(task, { after: [{ task: first }] }), { state: 'ready' }, 'that has happened');
    await api.changeTask(task, { after: [{ task: second }] });
    await run(coordinator, second);
    await run(coordinator, task);
    await t.throwsAsync(api.changeTask(task, { after: [] }), { code: 'task_started' });
  },
);

onEachBackend(
  'a change that can never come true ends the task, and one that closes a circle is refused',
  async (t, coordinator) => {
    const { api } = coordinator;
    const failing = await submit(coordinator);
    const task = await submit(coordinator);
    const child = await submit(coordinator, { after: [{ task }] });
    const inJob = await api.jobs.submit({ tasks: [{ args: ['true'], after: [{ task: child }] }] });
    for (const after of [
      [{ task }],
      [{ task: child }],
      [{ task: inJob.tasks[0] as string }],
      [{ job: inJob.uuid, when: 'ended' as const }],
    ]) {
      await t.throwsAsync(api.changeTask(task, { after }), { code: 'dependency_cycle' });
    }
    await t.throwsAsync(api.changeTask(task, { after: [{ task: randomUUID() }] }), { code: 'task_not_found' });
    await t.throwsAsync(api.changeTask(task, { after: [{ key: 'a' }] }), { code: 'invalid_request', message: /after/ });
    t.is(await stateOf(coordinator, task), 'ready', 'what is refused changes nothing');
    await run(coordinator, failing, 1);
    t.like(await api.changeTask(task, { after: [{ task: failing }] }), {
      state: 'failed',
      reason: 'dependency_failed',
    });
    t.is(await stateOf(coordinator, child), 'failed');
  },
);

onEachBackend('of changes at once that would close a circle one is refused', async (t, coordinator) => {
  const ring = await Promise.all([1, 2, 3].map(() => submit(coordinator)));
  const changes = ring.map((task, place) =>
    coordinator.api.changeTask(task, { after: [{ task: ring[(place + 1) % 3] as string }] }),
  );
  const outcomes = await Promise.allSettled(changes);
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [],
  );
  t.deepEqual(refused, ['dependency_cycle']);
});

onEachBackend('tasks are listed from any place on, by number too', async (t, { api }) => {
  const label = randomUUID();
  const uuids = (await api.submitTasks([1, 2, 3, 4, 5].map(() => ({ args: ['true'], labels: [label], priority: 977 }))))
    .map(({ uuid }) => uuid)
    .reverse();
  const found = async (filter: object): Promise<string[]> => {
    const tasks: string[] = [];
    for await (const { uuid } of api.tasks({ labels: [label], ...filter })) tasks.push(uuid);
    return tasks;
  };
  t.deepEqual(await found({ limit: 2, offset: 1 }), uuids.slice(1, 3));
  t.deepEqual(await found({ offset: 4 }), uuids.slice(4));
  t.deepEqual(await found({ offset: 9 }), []);
  t.deepEqual(
    (await api.queryTasks({ group: 'mitosis_admin', priority: '=977', limit: 2, offset: 3 })).tasks.map(
      ({ uuid }) => uuid,
    ),
    uuids.slice(3),
  );
  await t.throwsAsync(api.queryTasks({ offset: -1 }), { code: 'invalid_request', message: /offset/ });
});

onEachBackend('when a dependency fails, so does what waits for it, down to the last', async (t, coordinator) => {
  const root = await submit(coordinator);
  const child = await submit(coordinator, { after: [{ task: root }] });
  const grandchild = await submit(coordinator, { after: [{ task: child }] });
  const anyway = await submit(coordinator, { after: [{ task: child, when: 'ended' }] });
  const rescue = await submit(coordinator, { after: [{ task: root, when: 'failed' }] });
  await run(coordinator, root, 1);
  t.like(await coordinator.api.getTask(child), { state: 'failed', reason: 'dependency_failed' });
  t.like(await coordinator.api.getTask(grandchild), { state: 'failed', reason: 'dependency_failed' });
  t.is(await stateOf(coordinator, anyway), 'ready');
  t.is(await stateOf(coordinator, rescue), 'ready');
  const good = await submit(coordinator);
  const unneeded = await submit(coordinator, { after: [{ task: good, when: 'failed' }] });
  await run(coordinator, good);
  t.like(await coordinator.api.getTask(unneeded), { state: 'cancelled', reason: 'not_needed' });
  t.is((await coordinator.api.submitTask({ args: ['true'], after: [{ task: root }] })).state, 'failed');
});

onEachBackend('a task can wait for the start of another', async (t, coordinator) => {
  const server = await submit(coordinator);
  const probe = await submit(coordinator, { after: [{ task: server, when: 'started' }] });
  await claim(coordinator, server);
  t.is(await stateOf(coordinator, probe), 'ready');
});

onEachBackend('tasks of one request wait for each other by key; a circle is refused', async (t, { api }) => {
  const circle = [
    { args: ['a'], key: 'a', after: [{ key: 'b' }] },
    { args: ['b'], key: 'b', after: [{ key: 'a' }] },
  ];
  await t.throwsAsync(api.submitTasks(circle), { code: 'dependency_cycle' });
  await t.throwsAsync(api.submitTasks([{ args: ['a'], after: [{ key: 'x' }] }]), { code: 'invalid_request' });
  await t.throwsAsync(api.submitTask({ args: ['a'], after: [{ task: randomUUID() }] }), { code: 'task_not_found' });
  const receipts = await api.submitTasks([
    { args: ['b'], after: [{ key: 'first' }] },
    { args: ['a'], key: 'first' },
  ]);
  t.deepEqual(
    receipts.map(({ state }) => state),
    ['pending', 'ready'],
  );
});

onEachBackend('a job is over when its last task is, and then what waits for it starts', async (t, coordinator) => {
  const { api } = coordinator;
  const opened = await api.jobs.open({ tasks: [{ args: ['true'], params: { lr: 0.1 } }], name: 'sweep' });
  const after = await submit(coordinator, { after: [{ job: opened.uuid }] });
  await run(coordinator, opened.tasks[0]?.uuid as string, 0, {
    metrics: { rows: [{ loss: 0.5 }, { loss: 0.25 }], is_truncated: false },
  });
  t.is(await stateOf(coordinator, after), 'pending', 'the job is still open');
  const [second] = await api.jobs.add(opened.uuid, [{ args: ['true'], params: { lr: 0.01 } }], true);
  await t.throwsAsync(api.jobs.add(opened.uuid, [{ args: ['true'] }], true), { code: 'job_closed' });
  const waiting = api.jobs.wait(opened.uuid);
  await run(coordinator, second as string);
  t.like(await waiting, { state: 'completed', total: 2, progress: 1, name: 'sweep' });
  t.is(await stateOf(coordinator, after), 'ready');
  const results = [];
  for await (const result of api.jobs.results(opened.uuid)) results.push(result);
  t.deepEqual(
    results.map(({ index, params, metrics }) => ({ index, params, metrics })),
    [
      { index: 0, params: { lr: 0.1 }, metrics: [{ loss: 0.5 }, { loss: 0.25 }] },
      { index: 1, params: { lr: 0.01 }, metrics: [] },
    ],
  );
});

onEachBackend('two tasks that end a job at the same time release what waits for it', async (t, coordinator) => {
  for (let round = 0; round < 5; round += 1) {
    const job = await coordinator.api.jobs.submit({ tasks: Array.from({ length: 8 }, () => ({ args: ['true'] })) });
    const after = await submit(coordinator, { after: [{ job: job.uuid }] });
    const claimed = await Promise.all(job.tasks.map((task) => claim(coordinator, task)));
    const worker = await connectWorker(coordinator);
    await Promise.all(claimed.map((one) => worker.report([reportOf(one, 0)])));
    t.is(await stateOf(coordinator, after), 'ready', `round ${round}`);
  }
});

onEachBackend(
  'what failed in a job is submitted again in its place, with what depended on it',
  async (t, coordinator) => {
    const { api } = coordinator;
    const job = await api.jobs.submit({
      tasks: [{ args: ['true'], key: 'a' }, { args: ['true'], after: [{ key: 'a' }] }, { args: ['true'] }],
    });
    const [a = '', b = '', c = ''] = job.tasks;
    await run(coordinator, a, 1);
    await run(coordinator, c);
    t.like(await api.jobs.get(job.uuid), { state: 'failed', counts: { failed: 2, completed: 1 } });
    t.is(await api.jobs.retryFailed(job.uuid), 2);
    t.is(await api.jobs.retryFailed(job.uuid), 0);
    const [again = '', dependent = ''] = [
      (await api.getTask(a)).retried_by ?? '',
      (await api.getTask(b)).retried_by ?? '',
    ];
    t.like(await api.getTask(dependent), { state: 'pending', job_index: 1 });
    t.deepEqual(
      (await api.queryTasks({ job: job.uuid, text: 'exit_code' })).tasks.map(({ uuid }) => uuid),
      [a],
      'why the old one failed is not said of the new one',
    );
    await run(coordinator, again);
    await run(coordinator, dependent);
    t.like(await api.jobs.get(job.uuid), { state: 'completed', total: 3 });
    t.is(await stateOf(coordinator, a), 'failed', 'the old one stays as it was');
  },
);

onEachBackend('nothing of a suspended job starts', async (t, coordinator) => {
  const { api } = coordinator;
  const job = await api.jobs.submit({ tasks: [{ args: ['true'] }, { args: ['true'] }] });
  const [first = ''] = job.tasks;
  await api.jobs.setSuspended(job.uuid, true);
  t.true((await api.jobs.get(job.uuid)).is_suspended);
  await t.throwsAsync(claim(coordinator, first), { message: /refused/ });
  const isHeld = async (): Promise<boolean> => {
    const rows = (await coordinator.database.query('SELECT is_held FROM tasks WHERE job_id = $1', [job.uuid])) as {
      is_held: boolean;
    }[];
    return rows.every(({ is_held }) => is_held);
  };
  const other = await submit(coordinator);
  await eventually(isHeld, { message: 'its tasks are set aside' });
  await run(coordinator, other);
  await api.jobs.setSuspended(job.uuid, false);
  await run(coordinator, first);
});

// Before all others: it stops the group that they use.
for (const backend of BACKENDS) {
  test.serial(`${backend}: nothing of a suspended group starts`, async (t) => {
    const coordinator = of(backend);
    const { api } = coordinator;
    await api.setGroupSuspended('mitosis_admin', true);
    const later = await submit(coordinator);
    await t.throwsAsync(claim(coordinator, later), { message: /refused/ });
    await api.setGroupSuspended('mitosis_admin', false);
    await run(coordinator, later);
  });
}

onEachBackend('what a task submits is committed with its outcome', async (t, coordinator) => {
  const { api } = coordinator;
  const parent = await submit(coordinator);
  await run(coordinator, parent, 0, {
    new_tasks: [{ args: ['echo', 'child'] }, { args: ['echo', 'later'], after: [{ task: parent }] }],
  });
  const { state, downstream } = await api.getTask(parent);
  t.is(state, 'completed');
  t.is(downstream.length, 2);
  for (const uuid of downstream)
    t.like(await api.getTask(uuid), { upstream: parent, state: 'ready', creator: 'mitosis_admin' });
  const former = await submit(coordinator);
  const spec = { args: ['echo', 'former'], envs: { A: '1' } };
  const ofOriginal = {
    group_name: 'mitosis_admin',
    tags: [],
    labels: [],
    timeout: '10m',
    priority: 1,
    task_spec: spec,
  };
  await run(coordinator, former, 0, { new_tasks: [ofOriginal] });
  const [child = ''] = (await api.getTask(former)).downstream;
  t.like(await api.getTask(child), { args: ['echo', 'former'], env: { A: '1' }, timeout_ms: 600_000, priority: 1 });
  const misread = { ...ofOriginal, task_spec: { ...spec, watch: [parent, 'ExecSpawned'] } };
  for (const bad of [{ args: [] }, { args: ['x'], group: 'somebody_else' }, misread]) {
    const failing = await submit(coordinator);
    await run(coordinator, failing, 0, { new_tasks: [{ args: ['true'] }, bad] });
    t.like(await api.getTask(failing), { state: 'failed', reason: 'invalid_new_task', downstream: [] });
  }
  const broken = await submit(coordinator);
  await run(coordinator, broken, 3, { new_tasks: [{ args: ['true'] }] });
  t.deepEqual((await api.getTask(broken)).downstream, [], 'a task that failed submits nothing');
});

onEachBackend(
  'the token of an attempt submits and reads in its own group, as long as it runs',
  async (t, coordinator) => {
    const { MitosisClient } = await import('@mitosis/client');
    const parent = await submit(coordinator);
    const claimed = await claim(coordinator, parent);
    const inside = new MitosisClient({ url: coordinator.url, token: claimed.token });
    const { uuid } = await inside.submitTask({ args: ['true'] });
    t.like(await inside.getTask(uuid), { upstream: parent, group: 'mitosis_admin' });
    await t.throwsAsync(inside.submitTask({ args: ['true'], group: 'other' }), { code: 'group_not_found' });
    await t.throwsAsync(inside.identity(), { code: 'invalid_token' });
    await (await connectWorker(coordinator)).report([reportOf(claimed, 0)]);
    await t.throwsAsync(inside.submitTask({ args: ['true'] }), { code: 'invalid_token' });
  },
);

onEachBackend('tasks are found by everything that is known of them', async (t, coordinator) => {
  const { api } = coordinator;
  const name = `q-${randomUUID()}`;
  const one = await submit(coordinator, { name, args: ['python', 'train.py', '--learning-rate=0.5'], priority: 3 });
  const two = await submit(coordinator, { name, args: ['sleep', '1'] });
  await run(coordinator, one, 42);
  const find = async (filter: object): Promise<string[]> =>
    (await api.queryTasks({ name, ...filter })).tasks.map(({ uuid }) => uuid);
  t.deepEqual(await find({}), [two, one]);
  t.deepEqual(await find({ text: 'train learn' }), [one]);
  t.deepEqual(await find({ text: 'exit_code' }), [one], 'why it failed is searched, too');
  t.deepEqual(await find({ exit_code: '!=0' }), [one]);
  t.deepEqual(await find({ exit_code: '<42' }), []);
  t.deepEqual(await find({ priority: '>=3' }), [one]);
  t.deepEqual(await find({ state: ['ready'] }), [two]);
  t.deepEqual(await find({ created_after: new Date(Date.now() + 60_000).toISOString() }), []);
  t.deepEqual(await find({ finished_after: new Date(Date.now() - 60_000).toISOString() }), [one]);
  t.deepEqual(await find({ worker: (await api.getTask(one)).worker ?? undefined }), [one]);
  t.is(await api.countTasks({ name }), 2);
  t.deepEqual((await api.queryTasks({ group: 'mitosis_admin', state: ['failed', 'ready'], limit: 1 })).tasks.length, 1);
  await t.throwsAsync(find({ exit_code: 'often' }), { message: /exit_code/ });
  const page = await api.queryTasks({ name, limit: 1 });
  t.deepEqual(
    (await api.queryTasks({ name, after: page.next ?? '' })).tasks.map(({ uuid }) => uuid),
    [one],
  );
});
