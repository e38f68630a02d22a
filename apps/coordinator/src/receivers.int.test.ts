import { createHmac, randomUUID } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import type { DeliveryView } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { messageReceiver } from './testing/message-receiver.js';

const file = fileScope(test);
const PASSWORD = 'correct horse battery staple';
let coordinator: CoordinatorFixture;
let folder: string;

test.before(async () => {
  folder = await tempDir(file);
  const program = path.join(folder, 'page');
  await writeFile(program, `#!/bin/sh\ncat > "${folder}/$MITO_MESSAGE_ID"\nenv > "${folder}/env"\n`);
  await chmod(program, 0o755);
  coordinator = await coordinatorFixture(file, 'postgres', {
    notify_networks: '127.0.0.1',
    notify_commands: { pager: program, broken: '/nonexistent' },
  });
});

async function person(): Promise<MitosisClient> {
  const username = `u${randomUUID().slice(0, 8)}`;
  await coordinator.api.access.createUser({ username, password: PASSWORD });
  return loggedIn(username);
}

async function loggedIn(username: string, url = coordinator.url): Promise<MitosisClient> {
  const { token } = await new MitosisClient({ url }).login(username, PASSWORD);
  return new MitosisClient({ url, token });
}

async function deliveriesOf(api: MitosisClient, uuid: string): Promise<DeliveryView[]> {
  const deliveries: DeliveryView[] = [];
  for await (const one of api.receivers.deliveries(uuid)) deliveries.push(one);
  return deliveries;
}

test('a webhook gets a signed message, and neither its path nor its key is shown again', async (t) => {
  const hook = await messageReceiver(file);
  const api = await person();
  const { uuid, key, target } = await api.receivers.create({ name: 'hook', kind: 'webhook', target: hook.url });
  t.is(target, new URL(hook.url).host);
  const { state, status, uuid: id } = await api.receivers.test(uuid);
  t.deepEqual({ state, status }, { state: 'sent', status: 'HTTP 204' });
  const [message] = hook.messages;
  t.is(message?.headers['webhook-id'], id);
  const secret = Buffer.from((key ?? '').replace('whsec_', ''), 'base64');
  const signed = `${id}.${message?.headers['webhook-timestamp']}.${message?.body}`;
  t.is(message?.headers['webhook-signature'], `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  t.is((JSON.parse(message?.body ?? '') as { type: string }).type, 'test');
  const seen = JSON.stringify([await api.receivers.list(), await deliveriesOf(api, uuid)]);
  for (const hidden of ['secret/path', key ?? '?', 'what the receiver says']) t.false(seen.includes(hidden), hidden);
  const [row] = (await coordinator.database.query('SELECT sealed FROM receivers WHERE id = $1', [uuid])) as [
    { sealed: Buffer },
  ];
  t.false(row.sealed.includes('secret/path'));
});

test('a failed message is sent again: the same bytes and id, a signature of its own time', async (t) => {
  const hook = await messageReceiver(file);
  hook.status = 500;
  const api = await person();
  const { uuid } = await api.receivers.create({ name: 'hook', kind: 'webhook', target: hook.url });
  t.like(await api.receivers.test(uuid), { state: 'waiting', attempts: 1, status: 'HTTP 500' });
  t.like((await api.receivers.list())[0], { trouble: 'HTTP 500', waiting: 1 });
  hook.status = 200;
  const delivery = await eventually(async () => (await deliveriesOf(api, uuid)).find(({ state }) => state === 'sent'), {
    message: 'the second attempt',
  });
  t.is(delivery.attempts, 2);
  const [first, second] = hook.messages;
  t.is(first?.body, second?.body);
  t.is(first?.headers['webhook-id'], second?.headers['webhook-id']);
  t.not(first?.headers['webhook-signature'], second?.headers['webhook-signature']);
  t.true(Math.abs(Number(second?.headers['webhook-timestamp']) * 1000 - (second?.at.getTime() ?? 0)) < 5_000);
  t.like((await api.receivers.list())[0], { trouble: null, waiting: 0 });
});

test('a receiver that never responds holds up no other one', async (t) => {
  const slow = await messageReceiver(file);
  slow.status = undefined;
  const good = await messageReceiver(file);
  const api = await person();
  const slowOne = await api.receivers.create({ name: 'slow', kind: 'webhook', target: slow.url });
  const goodOne = await api.receivers.create({ name: 'good', kind: 'webhook', target: good.url });
  const hanging = api.receivers.test(slowOne.uuid);
  await eventually(() => slow.messages.length > 0, { message: 'the slow receiver has its message' });
  t.is((await api.receivers.test(goodOne.uuid)).state, 'sent');
  t.like(
    (await api.receivers.list()).find(({ name }) => name === 'slow'),
    { waiting: 1, trouble: null },
  );
  await hanging;
  const status = async (): Promise<string | null | undefined> => (await deliveriesOf(api, slowOne.uuid))[0]?.status;
  t.is(await eventually(status, { message: 'the attempt has ended' }), 'no response within 10 s');
});

test('two coordinators send each message once', async (t) => {
  const hook = await messageReceiver(file);
  const replica = await coordinator.startReplica();
  const api = await person();
  const other = await loggedIn((await api.identity()).username, replica.url);
  const { uuid } = await api.receivers.create({ name: 'hook', kind: 'webhook', target: hook.url });
  const results = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? api : other).receivers.test(uuid)));
  t.deepEqual([...new Set(results.map(({ state }) => state))], ['sent']);
  t.is(hook.messages.length, 20);
  t.is(new Set(hook.messages.map(({ headers }) => headers['webhook-id'])).size, 20);
});

test('a program of the coordinator gets the message, and only site administrators may name one', async (t) => {
  const { api } = coordinator;
  const { uuid } = await api.receivers.create({ name: 'pager', kind: 'command', target: 'pager' });
  const delivery = await api.receivers.test(uuid);
  t.like(delivery, { state: 'sent', status: 'exit code 0' });
  t.is((JSON.parse(await readFile(path.join(folder, delivery.uuid), 'utf8')) as { type: string }).type, 'test');
  t.deepEqual(
    (await readFile(path.join(folder, 'env'), 'utf8')).split('\n').filter((line) => /MITO_|SECRET|TOKEN/.test(line)),
    [`MITO_MESSAGE_ID=${delivery.uuid}`],
  );
  const broken = await api.receivers.create({ name: 'broken', kind: 'command', target: 'broken' });
  t.is((await api.receivers.test(broken.uuid)).status, 'failed (ENOENT)');
  await t.throwsAsync(api.receivers.create({ name: 'x', kind: 'command', target: 'rm' }), {
    message: /no command "rm"/,
  });
  const anybody = await person();
  await t.throwsAsync(anybody.receivers.create({ name: 'x', kind: 'command', target: 'pager' }), {
    code: 'not_allowed',
  });
});

test('what can not be a receiver is refused, naming the field', async (t) => {
  const api = await person();
  const refused = async (receiver: object, message: RegExp): Promise<void> => {
    await t.throwsAsync(
      api.receivers.create({ name: 'x', kind: 'webhook', target: 'https://a.example/', ...receiver }),
      {
        message,
      },
    );
  };
  for (const target of ['', 'a.example', 'file:///etc/passwd', 'ftp://a.example/', 'https://u:p@a.example/', '\0'])
    await refused({ target }, /target/);
  for (const target of ['me', 'me@', 'a@b.example,c@d.example', 'a@b.example\r\nBcc: x@y.example'])
    await refused({ kind: 'mail', target }, /target|kind/);
  await refused({ kind: 'mail', target: 'me@lab.example' }, /kind: the coordinator sends no mail/);
  await refused({ key: 'whsec_short' }, /key/);
  await refused({ kind: 'slack', key: `whsec_${'a'.repeat(32)}` }, /key: only messages to a webhook/);
  await refused({ on: ['done'] }, /on/);
  await refused({ stuck_after_ms: 60_000 }, /stuck_after_ms: it has a meaning only with "stuck"/);
  await refused({ on: ['stuck'], stuck_after_ms: 1 }, /stuck_after_ms/);
  await refused({ per_hour: 0 }, /per_hour/);
  await refused({ name: 'a b' }, /name/);
  await refused({ group: 'no-such-group' }, /no group/);
  await api.receivers.create({ name: 'twice', kind: 'slack', target: 'https://a.example/' });
  await t.throwsAsync(api.receivers.create({ name: 'twice', kind: 'slack', target: 'https://a.example/' }), {
    code: 'receiver_exists',
  });
  for (let count = 1; count < 20; count += 1)
    await api.receivers.create({ name: `r${count}`, kind: 'slack', target: 'https://a.example/' });
  await refused({ name: 'r20' }, /at most 20 receivers/);
});

test('test messages of a person are limited, whatever the receiver', async (t) => {
  const api = await person();
  const { uuid } = await api.receivers.create({ name: 'a', kind: 'slack', target: 'http://[::1]/' });
  t.regex((await api.receivers.test(uuid)).status ?? '', /^refused/);
  // As if this person had sent all tests of the hour but one.
  await coordinator.database.query(
    `UPDATE rate_limits SET points = 59 WHERE key = (SELECT 'notify-test:' || user_id FROM receivers WHERE id = $1)`,
    [uuid],
  );
  t.regex((await api.receivers.test(uuid)).status ?? '', /^refused/);
  await t.throwsAsync(api.receivers.test(uuid), { code: 'too_many_tests' });
  await api.receivers.delete(uuid);
  const other = await api.receivers.create({ name: 'b', kind: 'slack', target: 'http://[::1]/' });
  await t.throwsAsync(api.receivers.test(other.uuid), { code: 'too_many_tests' });
});

test('nobody reaches the receivers of somebody else, and a token reaches none', async (t) => {
  const owner = await person();
  const { uuid } = await owner.receivers.create({ name: 'mine', kind: 'slack', target: 'https://a.example/' });
  for (const api of [await person(), coordinator.api]) {
    t.deepEqual(
      (await api.receivers.list()).filter((one) => one.uuid === uuid),
      [],
    );
    await t.throwsAsync(api.receivers.change(uuid, { is_paused: true }), { code: 'receiver_not_found' });
    await t.throwsAsync(api.receivers.test(uuid), { code: 'receiver_not_found' });
    await t.throwsAsync(api.receivers.deliveries(uuid).next(), { code: 'receiver_not_found' });
    await t.throwsAsync(api.receivers.delete(uuid), { code: 'receiver_not_found' });
  }
  const { token } = await owner.access.createToken({ name: 'ci', scope: 'full', expires_in_ms: 60_000 });
  const script = new MitosisClient({ url: coordinator.url, token });
  await t.throwsAsync(script.receivers.list(), { code: 'not_allowed' });
  await t.throwsAsync(script.receivers.create({ name: 'x', kind: 'slack', target: 'https://a.example/' }), {
    code: 'not_allowed',
  });
  await owner.receivers.delete(uuid);
  t.deepEqual(await owner.receivers.list(), []);
});
