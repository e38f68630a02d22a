import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import type { WebSocket } from 'ws';
import { registerWorker, resumeWorker, WorkerClient } from '@mitosis/client';
import { ClaimedTask, ToWorker, type FromWorker } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend } = eachBackend(test);

type Got = ToWorker & { type: 'deliveries' };

/** A worker's end of the channel, with everything that came over it. */
interface Line {
  readonly socket: WebSocket;
  readonly got: ToWorker[];
  say(message: FromWorker): void;
  deliveries(): Got['deliveries'];
}

async function line(t: ExecutionContext, client: WorkerClient): Promise<Line> {
  const socket = client.openChannel();
  t.teardown(() => socket.terminate());
  const got: ToWorker[] = [];
  socket.on('message', (data) => got.push(ToWorker.parse(JSON.parse(String(data)))));
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return {
    socket,
    got,
    say: (message) => socket.send(JSON.stringify(message)),
    deliveries: () => got.flatMap((message) => (message.type === 'deliveries' ? message.deliveries : [])),
  };
}

const fetching = (tokens: string[], withdrawn: string[] = []): FromWorker => ({
  type: 'fetch',
  tokens,
  withdrawn,
  is_resumed: true,
});

const tagOf = (): string => `t${randomUUID()}`;

async function submit({ api }: CoordinatorFixture, tag: string, count: number): Promise<string[]> {
  const receipts = await api.submitTasks(Array.from({ length: count }, () => ({ args: ['true'], tags: [tag] })));
  return receipts.map(({ uuid }) => uuid);
}

onEachBackend('a token brings one opened attempt, and none comes without a token', async (t, coordinator) => {
  const tag = tagOf();
  const worker = await connectWorker(coordinator, { tags: [tag], slots: 2 });
  const { say, deliveries, got } = await line(t, worker);
  const tokens = [randomUUID(), randomUUID()];
  say(fetching(tokens));
  await submit(coordinator, tag, 3);
  await eventually(() => deliveries().length === 2, { message: () => `${deliveries().length} deliveries` });
  t.deepEqual(
    deliveries()
      .map(({ token }) => token)
      .toSorted(),
    tokens.toSorted(),
  );
  const claims = deliveries().map(({ attempt }) => ClaimedTask.parse(attempt));
  await worker.report(claims.map((claim) => reportOf(claim, 0)));
  const calls = deliveries().map(
    ({ queue, id, token }, at) => ({ id: at, op: 'complete', queue, job: id, token }) as const,
  );
  say({ type: 'queue_calls', calls });
  const answers = () => got.flatMap((message) => (message.type === 'queue_answers' ? message.answers : []));
  await eventually(() => answers().length === 2, { message: 'the responses of the queue' });
  t.deepEqual(
    answers().map(({ error }) => error),
    [undefined, undefined],
  );
  t.is(deliveries().length, 2);
  say({ type: 'fetch', tokens: [randomUUID()], withdrawn: [], is_resumed: false });
  await eventually(() => deliveries().length === 3, { message: 'the third' });
});

onEachBackend(
  'what a cut has swallowed comes again with the same token, as the same attempt',
  async (t, coordinator) => {
    const tag = tagOf();
    const worker = await connectWorker(coordinator, { tags: [tag] });
    const token = randomUUID();
    const first = await line(t, worker);
    first.say(fetching([token]));
    const [task] = await submit(coordinator, tag, 1);
    await eventually(() => first.deliveries().length === 1, { message: 'the delivery' });
    first.socket.terminate();
    const second = await line(t, worker);
    second.say(fetching([token]));
    await eventually(() => second.deliveries().length === 1, { message: 'the same delivery' });
    const [before, after] = [first, second].map(({ deliveries }) => ClaimedTask.parse(deliveries()[0]?.attempt));
    t.is(before?.lease, after?.lease);
    t.like(await coordinator.api.getTask(task as string), { state: 'running', attempt: 1 });
  },
);

onEachBackend(
  'what was opened for a token that is withdrawn goes back, and counts as nothing',
  async (t, coordinator) => {
    const tag = tagOf();
    const worker = await connectWorker(coordinator, { tags: [tag] });
    const token = randomUUID();
    const first = await line(t, worker);
    first.say(fetching([token]));
    const [task] = await submit(coordinator, tag, 1);
    await eventually(() => first.deliveries().length === 1, { message: 'the delivery' });
    first.socket.terminate();
    const second = await line(t, worker);
    second.say(fetching([], [token]));
    await eventually(() => second.got.some(({ type }) => type === 'withdrawn'), { message: 'the confirmation' });
    t.like(await coordinator.api.getTask(task as string), { state: 'ready' });
    second.say({ type: 'fetch', tokens: [randomUUID()], withdrawn: [], is_resumed: false });
    await eventually(() => second.deliveries().length === 1, { message: 'it comes again' });
    t.is(ClaimedTask.parse(second.deliveries()[0]?.attempt).task, task as string);
  },
);

onEachBackend('a worker operates on no queue that it does not serve', async (t, coordinator) => {
  const worker = await connectWorker(coordinator, { tags: [tagOf()] });
  const { say, got } = await line(t, worker);
  await eventually(() => got.some(({ type }) => type === 'queues'), { message: 'its queues' });
  const foreign = { queue: 'elsewhere', job: `${randomUUID()}-1`, token: randomUUID() };
  say({
    type: 'queue_calls',
    calls: [
      { id: 1, op: 'complete', ...foreign },
      { id: 2, op: 'give_back', ...foreign },
      { id: 3, op: 'renew', queue: 'elsewhere', jobs: [foreign.job], tokens: [foreign.token], lock_ms: 1000 },
    ],
  });
  const answers = () => got.flatMap((message) => (message.type === 'queue_answers' ? message.answers : []));
  await eventually(() => answers().length === 3, { message: 'the responses' });
  for (const { error } of answers()) t.regex(error?.message ?? '', /does not serve "elsewhere"/);
});

onEachBackend('a worker that starts again is the same one, unless it was revoked', async (t, coordinator) => {
  const { url, token, api } = coordinator;
  const identity = `mitowid_${randomBytes(32).toString('base64url')}`;
  const about = { slots: 1, hostname: `host-${randomUUID()}`, version: '0.1.0', tags: [tagOf()] };
  const first = await registerWorker(url, token, { ...about, identity });
  t.is(first.name, about.hostname);
  const namesake = await registerWorker(url, token, about);
  t.is(namesake.name, `${about.hostname}-2`);
  await t.throwsAsync(registerWorker(url, token, { ...about, name: first.name }), { code: 'worker_name_taken' });
  await new WorkerClient({ url, token: first.token }).unregister();
  t.is((await api.access.worker(first.uuid)).state, 'gone');
  const again = await resumeWorker(url, { ...about, identity });
  t.like(again, { uuid: first.uuid, name: first.name });
  const view = await api.access.worker(first.uuid);
  t.like(view, { state: 'active', name: first.name, connection: 'coordinator', tags: about.tags });
  t.deepEqual(
    (await api.access.workers({ name: first.name })).workers.map(({ uuid }) => uuid),
    [first.uuid],
  );
  await api.access.revokeWorker(first.uuid);
  await t.throwsAsync(resumeWorker(url, { ...about, identity }), { code: 'unknown_worker' });
});

onEachBackend('a worker of another version is refused with 426, and its trouble says why', async (t, coordinator) => {
  const worker = await connectWorker(coordinator);
  const socket = worker.openChannel({ 'mitosis-version': '0.0.9' });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  t.is(response.statusCode, 426);
  socket.terminate();
  const trouble = async () => (await coordinator.api.access.worker(worker.registration.uuid)).trouble;
  await eventually(async () => (await trouble()) !== null, { message: 'its trouble' });
  t.regex((await trouble()) ?? '', /It has 0\.0\.9 and the coordinator has \d/);
});

onEachBackend('a worker that has run nothing for its idle timeout is told to stop', async (t, coordinator) => {
  const { say, got } = await line(t, await connectWorker(coordinator, { tags: [tagOf()] }));
  const beat = (ms: number): void => say({ type: 'heartbeat', running: [], free_slots: 1, stops_idle_after_ms: ms });
  beat(3_600_000);
  await eventually(() => got.some(({ type }) => type === 'leases'), { message: 'the answer to the heartbeat' });
  t.false(got.some((message) => message.type === 'wanted' && message.wanted === 'stop'));
  beat(0);
  await eventually(() => got.some((message) => message.type === 'wanted' && message.wanted === 'stop'), {
    message: 'the order to stop',
  });
});
