import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ToWorker, type ClaimedTask } from '@mitosis/protocol';
import { eventually, tempDir } from '@mitosis/testing';
import { examineCoordinator } from './examine-coordinator.js';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

type TestWorker = Awaited<ReturnType<typeof connectWorker>>;

const { onEachBackend } = eachBackend(test, { lease: '10s' });

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

async function stateOf({ api }: CoordinatorFixture, uuid: string): Promise<string> {
  return (await api.getTask(uuid)).state;
}

async function claim(worker: TestWorker, task: string): Promise<ClaimedTask> {
  const [claimed] = await worker.claim([{ task, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  return claimed;
}

/** A task whose worker has been away for longer than the lease. */
async function lostTask(coordinator: CoordinatorFixture, settings: object = {}, groups?: string[]) {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'], tags: [`t${randomUUID()}`], ...settings });
  const worker = await connectWorker(coordinator, { ...(groups && { groups }) });
  const claimed = await claim(worker, uuid);
  await lose(coordinator, uuid);
  return { uuid, worker, claimed };
}

async function lose(coordinator: CoordinatorFixture, uuid: string): Promise<void> {
  await coordinator.database.query(
    `UPDATE attempts SET lease_until = clock_timestamp() - interval '1 second' WHERE task_id = $1 AND ended_at IS NULL`,
    [uuid],
  );
  await eventually(async () => (await stateOf(coordinator, uuid)) === 'ready', {
    message: 'the loss of the attempt',
  });
}

/** What the coordinator tells a worker that comes back with this attempt. */
async function comeBack(t: ExecutionContext, worker: TestWorker, { task, attempt, lease }: ClaimedTask) {
  const socket = worker.openChannel();
  t.teardown(() => socket.terminate());
  const said: ToWorker[] = [];
  socket.on('message', (data) => said.push(ToWorker.parse(JSON.parse(String(data)))));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'heartbeat', running: [{ task, attempt, lease }], free_slots: 0 }));
  return eventually(() => said.find((message) => message.type === 'leases'), { message: 'the answer to a heartbeat' });
}

const KEPT = { type: 'leases', stale: [], cancelled: [] };

onEachBackend('a worker that comes back continues with its attempt, and the loss does not count', async (t, c) => {
  const { uuid, worker, claimed } = await lostTask(c);
  t.deepEqual(await comeBack(t, worker, claimed), KEPT);
  t.like(await c.api.getTask(uuid), { state: 'running', attempt: 1, worker: worker.registration.uuid });
  const [row] = (await c.database.query('SELECT losses FROM tasks WHERE id = $1', [uuid])) as { losses: number }[];
  t.is(row?.losses, 0);
  t.deepEqual(await worker.report([reportOf(claimed, 0)]).then(([one]) => one?.status), 'accepted');
  const { attempts } = await c.api.getTask(uuid);
  t.is(attempts.length, 1);
  t.like(attempts[0], { outcome: 'exited', exit_code: 0 });
});

onEachBackend('a worker that says that it can not work is not counted on', async (t, c) => {
  const tag = `t${randomUUID()}`;
  const worker = await connectWorker(c, { tags: [tag] });
  const { uuid } = await c.api.submitTask({ args: ['true'], tags: [tag] });
  const { uuid: id } = worker.registration;
  const explained = async () => {
    const { workers } = await c.api.explainTask(uuid);
    return workers.find((row) => row.uuid === id);
  };
  const health = async () => (await c.api.metrics()).workers.find((row) => row.uuid === id)?.health;
  const socket = worker.openChannel();
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  const beat = (trouble?: object): void =>
    socket.send(JSON.stringify({ type: 'heartbeat', running: [], free_slots: 1, ...(trouble && { trouble }) }));
  beat({ reason: 'the queue server at 127.0.0.1:1 refuses the connection', lasts_ms: 180_000 });
  await eventually(async () => (await explained())?.verdict === 'unable', { message: 'the verdict' });
  const { detail = '' } = (await explained()) ?? {};
  t.regex(detail, /unable to work for 3 m \d+ s: the queue server at 127\.0\.0\.1:1 refuses/);
  const view = await c.api.access.worker(id);
  t.regex(view.trouble ?? '', /refuses the connection/);
  t.true(Math.abs(Date.parse(view.trouble_since ?? '') - Date.now() + 180_000) < 30_000);
  await eventually(async () => (await health()) === 'unable', { message: 'the metrics' });
  const scraped = await fetch(`${c.url}/metrics`, { headers: { Authorization: `Bearer ${c.scrapeToken}` } });
  t.regex(await scraped.text(), /mitosis_workers\{health="unable"\} 1/);
  const findings = await examineCoordinator({ url: c.url, token: c.token, now: Date.now });
  t.true(
    findings.some(({ check, status, found }) => check === 'workers' && status === 'failure' && /refuses/.test(found)),
  );
  beat();
  await eventually(async () => (await explained())?.verdict === 'free', { message: 'the end of the trouble' });
  t.is((await c.api.access.worker(id)).trouble_since, null);
});

onEachBackend('an attempt may be lost and resumed more often than losses fail a task', async (t, c) => {
  const { uuid, worker, claimed } = await lostTask(c);
  for (let round = 0; round < 4; round += 1) {
    t.deepEqual(await comeBack(t, worker, claimed), KEPT);
    await lose(c, uuid);
  }
  t.deepEqual(await comeBack(t, worker, claimed), KEPT);
});

onEachBackend('a worker that comes back after another one took the task has to end its process', async (t, c) => {
  const { uuid, worker, claimed } = await lostTask(c);
  const second = await claim(await connectWorker(c), uuid);
  t.is(second.attempt, 2);
  t.like(await comeBack(t, worker, claimed), { stale: [{ task: uuid, attempt: 1 }] });
  t.is((await worker.report([reportOf(claimed, 0)]))[0]?.status, 'stale');
  t.is(await stateOf(c, uuid), 'running');
});

onEachBackend('a claim and the return of the worker at the same moment: one of the two has the task', async (t, c) => {
  for (let round = 0; round < 5; round += 1) {
    const { uuid, worker, claimed } = await lostTask(c);
    const other = await connectWorker(c);
    const [leases, [taken]] = await Promise.all([
      comeBack(t, worker, claimed),
      other.claim([{ task: uuid, request: randomUUID() }]),
    ]);
    const isKept = leases.type === 'leases' && leases.stale.length === 0;
    t.not(isKept, taken !== undefined);
    t.like(await c.api.getTask(uuid), { state: 'running', attempt: isKept ? 1 : 2 });
  }
});

onEachBackend('what ended while the worker was away is accepted, once, with its products', async (t, c) => {
  const { uuid, worker, claimed } = await lostTask(c);
  const { task, attempt, lease } = claimed;
  const file = path.join(await tempDir(t), 'result');
  const content = 'made while away';
  await writeFile(file, content);
  const facts = { kind: 'std-log' as const, size_bytes: content.length, sha256: sha256Of(content) };
  await t.throwsAsync(worker.upload({ task, attempt, lease: randomUUID(), ...facts }, file), { code: 'stale_attempt' });
  // It overtakes the first heartbeat after the absence.
  await worker.upload({ task, attempt, lease, ...facts }, file);
  t.is(await stateOf(c, uuid), 'running');
  await lose(c, uuid);
  const report = reportOf(claimed, 0, { artifacts: [{ ...facts, skipped: [] }] });
  t.is((await worker.report([report]))[0]?.status, 'accepted');
  t.is((await worker.report([report]))[0]?.status, 'accepted', 'its answer may be lost');
  t.is((await worker.report([reportOf(claimed, 1)]))[0]?.status, 'stale');
  t.like(await c.api.getTask(uuid), { state: 'completed', attempt: 1 });
  t.is((await c.api.artifact(uuid, 'std-log')).size_bytes, content.length);
});

onEachBackend('an attempt that ended badly while its worker was away counts once', async (t, c) => {
  const { uuid, worker, claimed } = await lostTask(c, { retries: 1 });
  t.is((await worker.report([reportOf(claimed, 1)]))[0]?.status, 'accepted');
  const [row] = (await c.database.query('SELECT losses, failures FROM tasks WHERE id = $1', [uuid])) as object[];
  t.deepEqual(row, { losses: 0, failures: 1 });
});

onEachBackend('the request for the inputs of a lost attempt resumes it', async (t, c) => {
  const { uuid, worker, claimed } = await lostTask(c);
  const { task, attempt, lease } = claimed;
  t.deepEqual(await worker.inputs({ task, attempt, lease }), { inputs: [], code: null, checkpoints: [] });
  t.is(await stateOf(c, uuid), 'running');
});

onEachBackend('a task that was changed or cancelled meanwhile is not resumed', async (t, c) => {
  const changed = await lostTask(c);
  await c.api.changeTask(changed.uuid, { args: ['false'] });
  t.like(await comeBack(t, changed.worker, changed.claimed), { stale: [{ task: changed.uuid, attempt: 1 }] });
  t.is((await changed.worker.report([reportOf(changed.claimed, 0)]))[0]?.status, 'stale');
  t.is(await stateOf(c, changed.uuid), 'ready');
  const labelled = await lostTask(c);
  await c.api.changeTask(labelled.uuid, { labels: ['mine'] });
  t.deepEqual(await comeBack(t, labelled.worker, labelled.claimed), KEPT, 'labels change nothing of what runs');
  const cancelled = await lostTask(c);
  await c.api.cancelTask(cancelled.uuid, {});
  t.like(await comeBack(t, cancelled.worker, cancelled.claimed), { stale: [{ task: cancelled.uuid, attempt: 1 }] });
  t.is((await cancelled.worker.report([reportOf(cancelled.claimed, 0)]))[0]?.status, 'stale');
  t.is(await stateOf(c, cancelled.uuid), 'cancelled');
});

onEachBackend('a worker that may no longer run tasks of the group resumes nothing', async (t, c) => {
  const name = `g${randomUUID().slice(0, 8)}`;
  await c.api.access.createGroup(name);
  const { uuid, worker, claimed } = await lostTask(c, { group: name }, [name]);
  await c.api.access.updateWorkerRoles(worker.registration.uuid, { [name]: 'read' });
  t.like(await comeBack(t, worker, claimed), { stale: [{ task: uuid, attempt: 1 }] });
  t.is((await worker.report([reportOf(claimed, 0)]))[0]?.status, 'stale');
  t.is(await stateOf(c, uuid), 'ready');
});

onEachBackend('a group that may run one task at a time never runs two, whoever comes back', async (t, c) => {
  const name = `g${randomUUID().slice(0, 8)}`;
  await c.api.access.createGroup(name);
  await c.api.access.setQuotas(name, { running_tasks_max: { set: 1 } });
  const { uuid, worker, claimed } = await lostTask(c, { group: name }, [name]);
  const other = await c.api.submitTask({ args: ['true'], group: name });
  const second = await connectWorker(c, { groups: [name] });
  const taken = await claim(second, other.uuid);
  t.like(await comeBack(t, worker, claimed), { stale: [{ task: uuid, attempt: 1 }] });
  await second.report([reportOf(taken, 0)]);
  const back = await connectWorker(c, { groups: [name] });
  t.is((await claim(back, uuid)).attempt, 2);
});
