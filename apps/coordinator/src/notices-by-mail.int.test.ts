import { randomUUID } from 'node:crypto';
import test from 'ava';
import { eventually, fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { mailServer, type MailServer } from './testing/mail-server.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
let server: MailServer;

test.before(async () => {
  server = await mailServer(file);
  coordinator = await coordinatorFixture(file, 'postgres', {
    smtp_url: server.url,
    smtp_from: 'Mito <mito@lab.example>',
  });
});

test.serial('a mail tells of the end of a task, with an id that stays', async (t) => {
  const { api } = coordinator;
  await api.receivers.create({ name: 'mail', kind: 'mail', target: 'ann@lab.example' });
  const { uuid } = await api.submitTask({ args: ['false'], name: 'größe', notify: { to: ['ann@lab.example'] } });
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  await worker.report([reportOf(claimed, 3)]);
  await eventually(() => server.mails.length > 0, { message: 'a mail' });
  const [mail] = server.mails;
  t.is(mail?.from, 'FROM:<mito@lab.example>');
  t.is(mail?.to, 'TO:<ann@lab.example>');
  t.regex(mail?.data ?? '', /^Subject: .*=\?UTF-8\?/m);
  t.regex(mail?.data ?? '', /^Message-ID: <[0-9a-f-]{36}@mitosis\.invalid>/m);
  t.regex(mail?.data ?? '', /exit code 3/);
  t.regex(mail?.data ?? '', /^Auto-Submitted: auto-generated/m);
  t.regex((mail?.data ?? '').replaceAll('=\n', ''), new RegExp(`#/tasks/${uuid}`));
});

test.serial('a mail server that refuses, or says nothing, is tried again', async (t) => {
  const { api } = coordinator;
  const [receiver] = await api.receivers.list();
  const uuid = receiver?.uuid ?? '';
  server.answer = '451 try later';
  t.like(await api.receivers.test(uuid), { state: 'waiting', status: 'SMTP 451' });
  t.like((await api.receivers.list())[0], { trouble: 'SMTP 451', waiting: 1 });
  server.answer = undefined;
  await coordinator.database.query('UPDATE receivers SET retry_at = now()');
  await api.receivers.change(uuid, { per_hour: 100 });
  await eventually(async () => (await api.receivers.list())[0]?.trouble === 'no response within 10 s', {
    message: 'an attempt at the silent server',
  });
  server.answer = '250 taken';
  await coordinator.database.query('UPDATE receivers SET retry_at = now()');
  const before = server.mails.length;
  await api.receivers.change(uuid, { per_hour: 100 });
  await eventually(async () => (await api.receivers.list())[0]?.waiting === 0, { message: 'the message is delivered' });
  t.is(server.mails.length, before + 1);
  t.is((await api.receivers.list())[0]?.trouble, null);
});

test.serial('a mail server that is down costs nothing but time', async (t) => {
  const away = await coordinatorFixture(file, 'postgres', {
    smtp_url: 'smtp://127.0.0.1:1',
    smtp_from: 'mito@lab.example',
  });
  const { uuid } = await away.api.receivers.create({ name: 'mail', kind: 'mail', target: 'ann@lab.example' });
  const { state, status } = await away.api.receivers.test(uuid);
  t.is(state, 'waiting');
  t.regex(status ?? '', /^failed \((ESOCKET|ECONNECTION|ECONNREFUSED)\)$/);
});

test.serial('a mail server without a sender is refused when the coordinator starts', async (t) => {
  await t.throwsAsync(coordinatorFixture(file, 'postgres', { smtp_url: server.url }), { message: /smtp_from/ });
});
