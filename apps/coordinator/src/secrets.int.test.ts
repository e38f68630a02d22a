import { randomUUID } from 'node:crypto';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import { fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const started = coordinatorFixture(file, 'postgres');
const GROUP = 'mitosis_admin';
const VALUE = 'a value that nobody reads';

test('a secret reaches the task that asks for it, and nobody else sees it', async (t) => {
  const coordinator = await started;
  const { api, url, token, database } = coordinator;
  t.like(await api.secrets.set(GROUP, 'HF_TOKEN', VALUE), { name: 'HF_TOKEN', set_by: 'mitosis_admin' });
  const { uuid } = await api.submitTask({ args: ['true'], secrets: ['HF_TOKEN', 'HF_TOKEN'] });
  const worker = await connectWorker(coordinator);
  const request = randomUUID();
  const [claimed] = await worker.claim([{ task: uuid, request }]);
  t.deepEqual(claimed?.secrets, { HF_TOKEN: VALUE });
  const headers = { Authorization: `Bearer ${token}` };
  for (const path of [`/tasks/${uuid}`, '/tasks', `/groups/${GROUP}/secrets`, '/audit']) {
    const response = await fetch(`${url}${path}`, { headers });
    t.true(response.ok, path);
    t.false((await response.text()).includes(VALUE), path);
  }
  t.deepEqual((await api.getTask(uuid)).secrets, ['HF_TOKEN']);
  const [row] = (await database.query(`SELECT sealed FROM group_secrets WHERE name = 'HF_TOKEN'`)) as {
    sealed: Buffer;
  }[];
  t.false(row?.sealed.includes(VALUE));
});

test('a secret that was moved to another name or group can not be opened', async (t) => {
  const coordinator = await started;
  const { api, database } = coordinator;
  await api.secrets.set(GROUP, 'FIRST', VALUE);
  await api.secrets.set(GROUP, 'SECOND', 'something else entirely');
  const { uuid } = await api.submitTask({ args: ['true'], secrets: ['SECOND'] });
  await database.query(
    `UPDATE group_secrets SET sealed = (SELECT sealed FROM group_secrets WHERE name = 'FIRST') WHERE name = 'SECOND'`,
  );
  const worker = await connectWorker(coordinator);
  t.deepEqual(await worker.claim([{ task: uuid, request: randomUUID() }]), []);
  t.regex((await api.getTask(uuid)).message ?? (await api.getTask(uuid)).attempts[0]?.message ?? '', /can not be read/);
});

test('what can not be a secret is refused, naming the field', async (t) => {
  const { api } = await started;
  await t.throwsAsync(api.secrets.set(GROUP, 'SHORT', 'seven77'), { message: /value.*8 characters/ });
  await t.throwsAsync(api.secrets.set(GROUP, 'BLANK', ' '.repeat(20)), { message: /value.*8 characters/ });
  await t.throwsAsync(api.secrets.set(GROUP, 'LONG', 'x'.repeat(32_769)), { message: /value.*longer/ });
  await t.throwsAsync(api.secrets.set(GROUP, 'NUL', 'a value with \0'), { message: /value.*NUL/ });
  await t.throwsAsync(api.secrets.set(GROUP, 'no-name', VALUE), { message: /secret/ });
  await t.throwsAsync(api.secrets.set(GROUP, 'MITO_TOKEN', VALUE), { message: /MITO_/ });
  await t.throwsAsync(api.secrets.set(GROUP, '__proto__', VALUE), { message: /secret/ });
  await t.throwsAsync(api.secrets.delete(GROUP, 'NEVER_SET'), { code: 'secret_not_found' });
  await t.throwsAsync(api.submitTask({ args: ['true'], secrets: ['NEVER_SET'] }), { code: 'secret_not_found' });
  const wasm = { sha256: '0'.repeat(64) };
  await t.throwsAsync(api.submitTask({ args: ['true'], wasm, secrets: ['X'] }), { message: /gets no secrets/ });
});

test('a task is submitted again with changes, and a job with what its tasks wait for', async (t) => {
  const { api } = await started;
  const stdin = Buffer.from('input').toString('base64');
  const { uuid } = await api.submitTask({
    args: ['a'],
    env: { A: '1', B: '2' },
    stdin_base64: stdin,
    tags: ['x'],
    priority: 4,
  });
  const again = await api.rerunTask(uuid, { env: { B: '3' }, timeout_ms: 5_000 });
  t.like(await api.getTask(again.uuid), {
    args: ['a'],
    env: { A: '1', B: '3' },
    tags: ['x'],
    priority: 4,
    timeout_ms: 5_000,
    name: 'a',
  });
  t.is((await api.getTask((await api.rerunTask(uuid, { args: ['b'] })).uuid)).name, 'b');
  await t.throwsAsync(api.rerunTask(uuid, { nonsense: 1 } as never), { code: 'invalid_request', message: /nonsense/ });
  await t.throwsAsync(api.rerunTask(randomUUID(), {}), { code: 'task_not_found' });
  const tasks = [
    { args: ['first'], key: 'f' },
    { args: ['second'], after: [{ key: 'f' }] },
  ];
  const job = await api.jobs.submit({ tasks, name: 'pair' });
  const copy = await api.jobs.rerun(job.uuid, { env: { NEW: '1' } });
  t.is(copy.tasks.length, 2);
  const second = await api.getTask(copy.tasks[1]?.uuid ?? '');
  t.like(second, { state: 'pending', env: { NEW: '1' }, args: ['second'] });
  t.is(second.after[0]?.uuid, copy.tasks[0]?.uuid);
});

test('the token of a running task can not set a secret', async (t) => {
  const coordinator = await started;
  const { api, url } = coordinator;
  const { uuid } = await api.submitTask({ args: ['true'] });
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  const task = new MitosisClient({ url, token: claimed?.token });
  await t.throwsAsync(task.secrets.set(GROUP, 'FROM_A_TASK', VALUE));
});
