import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { MitosisClient, type WorkerClient } from '@mitosis/client';
import { encodeFrame, type AttemptReport } from '@mitosis/protocol';
import { eventually, fileScope } from '@mitosis/testing';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { messageReceiver, type MessageReceiver } from './testing/message-receiver.js';
import { eachBackend } from './testing/on-each-backend.js';

const file = fileScope(test);
const { onEachBackend, of } = eachBackend(test, {
  notify_networks: '127.0.0.1',
  public_url: 'https://mito.example.org',
});
/** What does not depend on how the coordinators hear of changes is tried on one backend, one after the other. */
function onPostgres(
  title: string,
  body: (t: ExecutionContext, coordinator: CoordinatorFixture) => Promise<void>,
): void {
  test.serial(title, (t) => body(t, of('postgres')));
}

const PASSWORD = 'correct horse battery staple';

interface Sent {
  readonly type: string;
  readonly data: {
    readonly title: string;
    readonly subject: { uuid: string; kind: string; state: string; counts: Record<string, number> } | null;
    readonly failures: { count: number; why: string; lines: string[] }[];
    readonly reason: string | null;
    readonly more?: { count: number; titles: string[] };
    readonly link: string;
  };
}

const sentTo = ({ messages }: MessageReceiver): Sent[] => messages.map(({ body }) => JSON.parse(body) as Sent);

/** Waits until a message about `subject` has come, and returns all of them. */
async function toldOf(hook: MessageReceiver, subject: string, type: string): Promise<Sent[]> {
  const about = (): Sent[] => sentTo(hook).filter(({ data }) => data.subject?.uuid === subject);
  await eventually(() => about().some((one) => one.type === type), {
    message: () => `a message ${type}; there are ${hook.messages.map(({ body }) => body).join('\n')}`,
  });
  return about();
}

async function person({ url, api }: CoordinatorFixture): Promise<MitosisClient> {
  const username = `u${randomUUID().slice(0, 8)}`;
  await api.access.createUser({ username, password: PASSWORD });
  const { token } = await new MitosisClient({ url }).login(username, PASSWORD);
  return new MitosisClient({ url, token });
}

interface Scene {
  readonly api: MitosisClient;
  readonly hook: MessageReceiver;
  readonly worker: WorkerClient;
  readonly name: string;
  readonly receiver: string;
}

/** Somebody with a webhook for all that is asked for, and a worker of their group. */
async function scene(coordinator: CoordinatorFixture, more: object = {}): Promise<Scene> {
  const api = await person(coordinator);
  const hook = await messageReceiver(file);
  const { username: name } = await api.identity();
  const { uuid: receiver } = await api.receivers.create({ name: 'hook', kind: 'webhook', target: hook.url, ...more });
  const { token } = await api.login(name, PASSWORD);
  const worker = await connectWorker({ url: coordinator.url, token }, { slots: 100, groups: [name] });
  return { api, hook, worker, name, receiver };
}

const printed = (text: string): Partial<AttemptReport> => ({
  output: { stored: 'inline', frames_base64: Buffer.from(encodeFrame('stderr', Buffer.from(text))).toString('base64') },
  output_bytes: text.length,
});

async function runAll(
  worker: WorkerClient,
  tasks: readonly string[],
  end: (at: number) => { code: number; text?: string },
): Promise<void> {
  const claimed = await worker.claim(tasks.map((task) => ({ task, request: randomUUID() })));
  const order = new Map(tasks.map((task, at) => [task, at]));
  await worker.report(
    claimed.map((one) => {
      const { code, text } = end(order.get(one.task) ?? 0);
      return reportOf(one, code, text === undefined ? {} : printed(text));
    }),
  );
}

onEachBackend(
  'a job of many failures is told of in one message, with counts and last lines',
  async (t, coordinator) => {
    const { api, hook, worker } = await scene(coordinator);
    const job = await api.jobs.submit({
      name: 'train',
      tasks: Array.from({ length: 60 }, () => ({ args: ['train'] })),
      notify: { to: ['me'], on: ['failed', 'started'] },
    });
    await runAll(worker, job.tasks.slice(0, 1), () => ({ code: 0 }));
    await toldOf(hook, job.uuid, 'job.started');
    await runAll(worker, job.tasks.slice(1), (at) =>
      at % 3 ? { code: 1, text: `step ${at}\nKeyError: 'x'\n` } : { code: 0 },
    );
    const told = await toldOf(hook, job.uuid, 'job.failed');
    t.deepEqual(
      told.map(({ type }) => type),
      ['job.started', 'job.failed'],
    );
    const { data } = told[1] as Sent;
    t.is(data.title, `Job train (${(await api.identity()).username}) failed: 39 of 60 tasks failed`);
    t.like(data.subject, { state: 'failed', counts: { completed: 21, failed: 39 } });
    t.deepEqual(
      data.failures.map(({ count, why, lines }) => ({ count, why, last: lines.at(-1) })),
      [{ count: 39, why: 'exit code 1', last: "KeyError: 'x'" }],
    );
    t.is(data.link, `https://mito.example.org/#/jobs/${job.uuid}`);
    await api.jobs.retryFailed(job.uuid);
    const again: string[] = [];
    for await (const { state, task } of api.jobs.results(job.uuid)) if (state === 'ready') again.push(task);
    await runAll(worker, again, () => ({ code: 1 }));
    await eventually(() => sentTo(hook).filter(({ type }) => type === 'job.failed').length === 2, {
      message: 'the end after the retry',
    });
  },
);

onPostgres('a task without a job is told of, whatever ended it', async (t, coordinator) => {
  const { api, hook, worker } = await scene(coordinator);
  const [done, cancelled, quiet] = await Promise.all([
    api.submitTask({ args: ['true'], name: 'one', notify: { to: ['hook'] } }),
    api.submitTask({ args: ['true'], notify: {} }),
    api.submitTask({ args: ['true'] }),
  ]);
  t.deepEqual((await api.getTask(done.uuid)).notify, { to: ['hook'], on: ['ended'] });
  await runAll(worker, [quiet.uuid, done.uuid], () => ({ code: 0 }));
  await api.cancelTask(cancelled.uuid, {});
  const [ended] = await toldOf(hook, done.uuid, 'task.ended');
  t.regex(ended?.data.title ?? '', /^Task one \(\w+\) completed$/);
  t.like((await toldOf(hook, cancelled.uuid, 'task.ended'))[0]?.data.subject, { state: 'cancelled' });
  t.false(sentTo(hook).some(({ data }) => data.subject?.uuid === quiet.uuid));
});

onPostgres('rules of a person and of a group tell of jobs that asked for nothing', async (t, coordinator) => {
  const { api, hook, worker, name } = await scene(coordinator, { on: ['failed'] });
  const channel = await messageReceiver(file);
  await api.receivers.create({ name: 'lab', kind: 'slack', target: channel.url, group: name, on: ['ended'] });
  const { uuid } = await api.submitTask({ args: ['false'], name: 'a <b> & c' });
  await runAll(worker, [uuid], () => ({ code: 2 }));
  await toldOf(hook, uuid, 'task.failed');
  await eventually(() => channel.messages.length > 0, { message: 'the channel hears of it' });
  t.regex((JSON.parse(channel.messages[0]?.body ?? '') as { text: string }).text, /^Task a &lt;b&gt; &amp; c \(/);
  const other = await api.submitTask({ args: ['true'] });
  await runAll(worker, [other.uuid], () => ({ code: 0 }));
  await eventually(() => channel.messages.length > 1, { message: 'the channel hears of the other' });
  t.is(hook.messages.length, 1);
});

onPostgres('a job that waits for a worker is told of as stuck', async (t, coordinator) => {
  const { api, hook } = await scene(coordinator);
  const job = await api.jobs.submit({
    tasks: [{ args: ['true'], tags: ['nowhere'] }],
    name: 'waits',
    notify: { on: ['stuck'], stuck_after_ms: 60_000 },
  });
  const subject = async (): Promise<{ waiting_since: Date | null } | undefined> => {
    const [row] = (await coordinator.database.query('SELECT waiting_since FROM notice_subjects WHERE id = $1', [
      job.uuid,
    ])) as { waiting_since: Date | null }[];
    return row;
  };
  await eventually(async () => (await subject())?.waiting_since, { message: 'the wait was noticed' });
  await coordinator.database.query(
    `UPDATE notice_subjects SET waiting_since = now() - interval '61 seconds', due_at = now() WHERE id = $1`,
    [job.uuid],
  );
  // Any change of a task lets the coordinators look.
  await api.submitTask({ args: ['true'] });
  const [told] = await toldOf(hook, job.uuid, 'job.stuck');
  t.regex(told?.data.title ?? '', /^Job waits \(\w+\) has waited for a worker for 1 m \d+ s$/);
  t.regex(told?.data.reason ?? '', /1 task ready and none running/);
});

onPostgres('of too many messages in an hour the last one tells of the rest', async (t, coordinator) => {
  const { api, hook, worker, receiver } = await scene(coordinator, { on: ['ended'], per_hour: 2 });
  await api.receivers.change(receiver, { is_paused: true });
  const tasks = await Promise.all(
    Array.from({ length: 7 }, (_, at) => api.submitTask({ args: ['true'], name: `t${at}` })),
  );
  await runAll(
    worker,
    tasks.map(({ uuid }) => uuid),
    () => ({ code: 0 }),
  );
  await eventually(async () => (await api.receivers.list())[0]?.waiting === 7, { message: 'all of them wait' });
  await api.receivers.change(receiver, { is_paused: false });
  await eventually(async () => (await api.receivers.list())[0]?.waiting === 0, { message: 'none waits' });
  const [first, second, ...none] = sentTo(hook);
  t.deepEqual(none, []);
  t.is(first?.data.more, undefined);
  t.is(second?.data.more?.count, 5);
  t.is(second?.data.more?.titles.length, 5);
  const states: string[] = [];
  for await (const { state } of api.receivers.deliveries(receiver)) states.push(state);
  t.deepEqual(states.toSorted(), ['merged', 'merged', 'merged', 'merged', 'merged', 'sent', 'sent']);
});

onPostgres('secrets of the group are masked, and who has left the group is told nothing', async (t, coordinator) => {
  const { api, hook, worker, name } = await scene(coordinator);
  await api.secrets.set(name, 'HF_TOKEN', 'hf_0123456789');
  const { uuid } = await api.submitTask({ args: ['x'], name: 'with hf_0123456789', notify: { on: ['failed'] } });
  await runAll(worker, [uuid], () => ({ code: 1, text: 'denied for hf_0123456789\n' }));
  const [told] = await toldOf(hook, uuid, 'task.failed');
  t.false(JSON.stringify(told).includes('hf_0123456789'));
  t.deepEqual(told?.data.failures[0]?.lines, ['denied for ***']);
  const guest = await scene(coordinator);
  await api.access.updateMembers(name, { [guest.name]: 'write' });
  const task = await guest.api.submitTask({ args: ['x'], group: name, notify: {} });
  await api.access.removeMember(name, guest.name);
  await runAll(worker, [task.uuid], () => ({ code: 0 }));
  const states = await eventually(
    async () => {
      const found: { state: string; status: string | null }[] = [];
      for await (const { state, status } of guest.api.receivers.deliveries(guest.receiver))
        found.push({ state, status });
      return found.every(({ state }) => state !== 'waiting') && found.length > 0 ? found : undefined;
    },
    { message: 'the message is withdrawn' },
  );
  t.deepEqual(states, [{ state: 'failed', status: 'its owner may not read it any more' }]);
  t.is(guest.hook.messages.length, 0);
});

onEachBackend('two coordinators tell of each end once', async (t, coordinator) => {
  await coordinator.startReplica();
  const { api, hook, worker } = await scene(coordinator, { on: ['ended'], per_hour: 1000 });
  const tasks = await Promise.all(Array.from({ length: 30 }, () => api.submitTask({ args: ['true'] })));
  await runAll(
    worker,
    tasks.map(({ uuid }) => uuid),
    () => ({ code: 0 }),
  );
  await eventually(() => hook.messages.length >= 30, { message: () => `30 messages, not ${hook.messages.length}` });
  const last = await api.submitTask({ args: ['true'] });
  await runAll(worker, [last.uuid], () => ({ code: 0 }));
  await toldOf(hook, last.uuid, 'task.ended');
  t.is(hook.messages.length, 31);
  t.is(new Set(sentTo(hook).map(({ data }) => data.subject?.uuid)).size, 31);
});

onPostgres('who is told is refused where it can not be meant', async (t, coordinator) => {
  const api = await person(coordinator);
  await t.throwsAsync(api.submitTask({ args: ['x'], notify: {} }), {
    code: 'no_receiver',
    message: /^notify: you have no/,
  });
  await api.receivers.create({ name: 'hook', kind: 'slack', target: 'https://a.example/' });
  await t.throwsAsync(api.submitTask({ args: ['x'], notify: { to: ['other'] } }), { message: /no receiver "other"/ });
  await t.throwsAsync(api.submitTask({ args: ['x'], notify: { on: [] } }), { message: /notify\.on/ });
  await t.throwsAsync(api.submitTask({ args: ['x'], notify: { to: [] } }), { message: /notify\.to/ });
  const notify = { to: ['me'] };
  await t.throwsAsync(api.jobs.submit({ tasks: [{ args: ['x'], notify }] }), {
    message: /tasks\.0\.notify: it belongs to the job/,
  });
  const job = await api.jobs.submit({ tasks: [{ args: ['x'] }], notify });
  t.deepEqual((await api.jobs.get(job.uuid)).notify, { to: ['me'], on: ['ended'] });
  const again = await api.jobs.rerun(job.uuid, {});
  t.deepEqual((await api.jobs.get(again.uuid)).notify, { to: ['me'], on: ['ended'] });
  const byOther = await coordinator.api.jobs.rerun(job.uuid, {}).catch((error: { code?: string }) => error.code);
  t.is(byOther, 'role_required');
});
