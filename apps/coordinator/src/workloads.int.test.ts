import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { MitosisClient } from '@mitosis/client';
import { fileScope, SOON_MS } from '@mitosis/testing';
import { PROGRAM } from './testing/access-scene.js';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const PASSWORD = 'correct horse battery staple';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
let sha256: string;

interface Person extends MitosisClient {
  readonly name: string;
  readonly token: string;
}

async function personNamed(name: string): Promise<Person> {
  const { api, url } = coordinator;
  await api.access.createUser({ username: name, password: PASSWORD });
  const { token } = await new MitosisClient({ url }).login(name, PASSWORD);
  return Object.assign(new MitosisClient({ url, token }), { name, token });
}

/** Somebody with a group of the same name that has the program. */
async function owner(): Promise<Person> {
  const person = await personNamed(`u${randomUUID().slice(0, 8)}`);
  ({ sha256 } = await person.programs.upload(await readFile(PROGRAM), { name: 'primes' }));
  return person;
}

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
});

const asked = () => ({ name: 'primes', sha256, params: { limit: 10 } });

/** Brings a workload to its maps: the task `split` is done by a worker that is none. */
async function splitInto(person: Person, lines: readonly string[]) {
  const { uuid } = await person.workloads.submit(asked());
  const worker = await connectWorker({ url: coordinator.url, token: person.token }, { groups: [person.name] });
  const [split] = await person.workloads.tasks(uuid);
  const [claimed] = await worker.claim([{ task: split?.uuid ?? '', request: randomUUID() }]);
  if (!claimed) throw new Error('the split was not to be had');
  await worker.report([reportOf(claimed, 0, { subtasks: [...lines] })]);
  return { uuid, worker };
}

async function statesOf(person: Person, uuid: string): Promise<string[]> {
  return (await person.workloads.tasks(uuid)).map(({ step, state }) => `${step} ${state}`);
}

/** Fails the task `split` with this exit code; returns the state of the workload then. */
async function stateAfterSplit(person: Person, exitCode: number): Promise<string> {
  const { uuid } = await person.workloads.submit({ ...asked(), retries: 3 });
  const worker = await connectWorker({ url: coordinator.url, token: person.token }, { groups: [person.name] });
  const [split] = await person.workloads.tasks(uuid);
  const [claimed] = await worker.claim([{ task: split?.uuid ?? '', request: randomUUID() }]);
  if (!claimed) throw new Error('the split was not to be had');
  await worker.report([reportOf(claimed, exitCode)]);
  return (await person.workloads.get(uuid)).state;
}

test('a split that ends with a complaint fails the computation at once; 75 asks for another try', async (t) => {
  const person = await owner();
  t.is(await stateAfterSplit(person, 1), 'failed');
  t.not(await stateAfterSplit(person, 75), 'failed');
});

test('workloads are listed newest first, page by page, those of the own groups only', async (t) => {
  const [person, other] = [await owner(), await owner()];
  const uuids: string[] = [];
  for (let count = 0; count < 3; count += 1) uuids.unshift((await person.workloads.submit(asked())).uuid);
  await person.workloads.cancel(uuids[0] as string);
  const first = await person.workloads.query({ limit: 2 });
  const second = await person.workloads.query({ limit: 2, after: first.next ?? '' });
  t.deepEqual(
    [...first.workloads, ...second.workloads].map(({ uuid }) => uuid),
    uuids,
  );
  t.is(second.next, null);
  const found = async (filter: object): Promise<string[]> =>
    (await person.workloads.query(filter)).workloads.map(({ uuid }) => uuid);
  t.deepEqual(await found({ state: ['cancelled', 'failed'] }), [uuids[0]]);
  t.deepEqual(await found({ creator: person.name, name: 'primes', group: person.name }), uuids);
  t.deepEqual(await found({ creator: other.name }), []);
  t.deepEqual((await other.workloads.query()).workloads, []);
});

test('a filter that makes no sense is refused by its name', async (t) => {
  const person = await owner();
  for (const [query, field] of [
    ['limit=0', 'limit'],
    ['after=xyz', 'after'],
    ['state=done', 'state.0'],
  ] as const) {
    const response = await fetch(`${coordinator.url}/workloads?${query}`, {
      headers: { Authorization: `Bearer ${person.token}` },
    });
    t.is(response.status, 400, query);
    t.like(await response.json(), { error: { code: 'invalid_request', details: { field } } });
  }
});

test('a submission with an idempotency key is stored once, however often it is sent', async (t) => {
  const person = await owner();
  const submit = async (body: object, key: string): Promise<[number, { uuid?: string; error?: { code: string } }]> => {
    const headers = {
      Authorization: `Bearer ${person.token}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': key,
    };
    const response = await fetch(`${coordinator.url}/workloads`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return [response.status, (await response.json()) as object];
  };
  const answers = await Promise.all([1, 2, 3].map(() => submit(asked(), 'one')));
  t.deepEqual(
    answers.map(([status]) => status),
    [201, 201, 201],
  );
  t.is(new Set(answers.map(([, { uuid }]) => uuid)).size, 1);
  const [status, { error }] = await submit({ ...asked(), params: {} }, 'one');
  t.deepEqual([status, error?.code], [409, 'idempotency_key_reused']);
  t.is((await person.workloads.query()).workloads.length, 1);
});

test('cancelling ends the workload and its tasks: what waits at once, what runs by its worker', async (t) => {
  const person = await owner();
  const { uuid, worker } = await splitInto(person, ['1', '2', '3']);
  const [, running] = await person.workloads.tasks(uuid);
  const [claimed] = await worker.claim([{ task: running?.uuid ?? '', request: randomUUID() }]);
  const after = await person.submitTask({
    args: ['true'],
    after: [{ task: (await person.workloads.tasks(uuid))[2]?.uuid ?? '' }],
  });
  const waited = person.workloads.wait(uuid);
  t.deepEqual(await person.workloads.cancel(uuid, { reason: 'wrong limit' }), { cancelled: 2, requested: 1 });
  t.like(await waited, { state: 'cancelled', message: `cancelled by ${person.name}: wrong limit` });
  t.deepEqual(await statesOf(person, uuid), ['split completed', 'map running', 'map cancelled', 'map cancelled']);
  t.is((await person.getTask(after.uuid)).state, 'failed', 'what waited for one of them');
  if (!claimed) throw new Error('no map was to be had');
  await worker.report([reportOf(claimed, 0, { outcome: 'cancelled', exit_code: null })]);
  t.deepEqual((await statesOf(person, uuid)).slice(1, 2), ['map cancelled']);
  t.deepEqual(await person.workloads.cancel(uuid), { cancelled: 0, requested: 0 });
  const log = await coordinator.api.access.audit({ action: ['workloads.cancel'], object: uuid });
  t.like(log.entries[1], { actor: person.name, details: { message: `cancelled by ${person.name}: wrong limit` } });
});

test('a report that comes in while the workload is cancelled makes no new tasks', async (t) => {
  const person = await owner();
  const { uuid } = await person.workloads.submit(asked());
  const worker = await connectWorker({ url: coordinator.url, token: person.token }, { groups: [person.name] });
  const [split] = await person.workloads.tasks(uuid);
  const [claimed] = await worker.claim([{ task: split?.uuid ?? '', request: randomUUID() }]);
  if (!claimed) throw new Error('the split was not to be had');
  await person.workloads.cancel(uuid);
  await worker.report([reportOf(claimed, 0, { subtasks: ['1', '2'] })]);
  t.is((await person.workloads.tasks(uuid)).length, 1);
  t.like(await person.workloads.get(uuid), { state: 'cancelled', subtasks: null });
});

test('who may submit programs only cancels their own workloads', async (t) => {
  const boss = await owner();
  const wasmer = await personNamed(`w${randomUUID().slice(0, 8)}`);
  await boss.access.updateMembers(boss.name, { [wasmer.name]: 'write-wasm' });
  const [own, others] = [
    await wasmer.workloads.submit({ ...asked(), group: boss.name }),
    await boss.workloads.submit(asked()),
  ];
  t.deepEqual(await wasmer.workloads.cancel(own.uuid), { cancelled: 1, requested: 0 });
  await t.throwsAsync(wasmer.workloads.cancel(others.uuid), { code: 'role_required' });
});

/** `wait` is open when the role goes, and has to end soon after. */
async function endsWithTheRole(
  t: ExecutionContext,
  boss: Person,
  guest: Person,
  wait: () => Promise<Response>,
): Promise<void> {
  const begun = performance.now();
  const answer = wait();
  // Sent after it: the coordinator has the other request.
  await guest.access.groups();
  await boss.access.removeMember(boss.name, guest.name);
  t.is((await answer).status, 404);
  t.true(performance.now() - begun < SOON_MS, 'it was to wait for a minute');
}

test('waiting for a workload or a job ends when the right to it is lost', async (t) => {
  const [boss, guest] = [await owner(), await personNamed(`g${randomUUID().slice(0, 8)}`)];
  const headers = { Authorization: `Bearer ${guest.token}`, 'Content-Type': 'application/json' };
  const workload = await boss.workloads.submit(asked());
  await boss.access.updateMembers(boss.name, { [guest.name]: 'read' });
  const body = JSON.stringify({ seen_done: 0, timeout_ms: 60_000 });
  await endsWithTheRole(t, boss, guest, () =>
    fetch(`${coordinator.url}/workloads/${workload.uuid}/wait`, { method: 'POST', headers, body }),
  );
  const job = await boss.jobs.open({ tasks: [{ args: ['true'] }] });
  await boss.access.updateMembers(boss.name, { [guest.name]: 'read' });
  await endsWithTheRole(t, boss, guest, () => fetch(`${coordinator.url}/jobs/${job.uuid}?wait_ms=60000`, { headers }));
});
