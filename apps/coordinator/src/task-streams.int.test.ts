import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { MitosisClient, type WorkerClient } from '@mitosis/client';
import { FromWorker, ToWorker, type StreamOrder, type StreamReport } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend } = eachBackend(test);

type Say = (part: StreamReport) => void;

/** Connects the worker, and has `serve` respond to each part of a stream. */
async function serveStreams(t: ExecutionContext, worker: WorkerClient, serve: (part: StreamOrder, say: Say) => void) {
  const socket = worker.openChannel();
  t.teardown(() => socket.terminate());
  const heard: StreamOrder[] = [];
  socket.on('message', (data) => {
    const message = ToWorker.parse(JSON.parse(String(data)));
    if (message.type !== 'stream') return;
    heard.push(message.part);
    serve(message.part, (part) =>
      socket.send(JSON.stringify(FromWorker.parse({ type: 'stream', stream: message.stream, part }))),
    );
  });
  await once(socket, 'open');
  return { heard, socket };
}

const closed = (exit_code: number): StreamReport => ({ op: 'closed', exit_code, signal: null });
const refused = (code: string): StreamReport => ({
  op: 'closed',
  exit_code: null,
  signal: null,
  error: { code, message: 'no' },
});
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Sends back what it gets, and exits with 7 at the end of it. */
function echo(part: StreamOrder, say: Say): void {
  if (part.op === 'open') say({ op: 'opened' });
  if (part.op === 'data') {
    const end = part.offset + Buffer.from(part.data_base64, 'base64').length;
    say({ op: 'ack', offset: end });
    say({ op: 'data', channel: 'stderr', offset: part.offset, data_base64: part.data_base64 });
  }
  if (part.op === 'end') say(closed(7));
}

async function runningTask(coordinator: CoordinatorFixture) {
  const worker = await connectWorker(coordinator);
  const { uuid } = await coordinator.api.submitTask({ args: ['sleep', '1000'] });
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  if (!claimed) throw new Error('the task was not claimed');
  return { worker, uuid, claimed };
}

onEachBackend(
  'a stream reaches a worker through any coordinator, and ends with an exit code',
  async (t, coordinator) => {
    const { worker, uuid } = await runningTask(coordinator);
    const replica = await coordinator.startReplica();
    const { heard } = await serveStreams(t, worker, echo);
    for (const url of [coordinator.url, replica.url]) {
      const api = new MitosisClient({ url, token: coordinator.token });
      const printed = { stdout: '', stderr: '' };
      const socket = await api.running.exec(
        uuid,
        { args: ['cat'] },
        { onData: async (bytes, channel) => void (printed[channel] += bytes.toString()) },
      );
      t.is(await socket.attempt, 1);
      const text = 'x'.repeat(300_000);
      await socket.write(Buffer.from(text));
      socket.resize({ cols: 40, rows: 10 });
      await eventually(() => printed.stderr.length === text.length, { message: 'what was sent' });
      socket.finish();
      t.like(await socket.ended, { exit_code: 7, signal: null });
      t.is(printed.stdout, '');
    }
    t.deepEqual(
      heard.filter(({ op }) => op === 'size'),
      [1, 2].map(() => ({ op: 'size', size: { cols: 40, rows: 10 } })),
    );
  },
);

onEachBackend(
  'what a worker refuses is an error with its code; what it makes up is not believed',
  async (t, coordinator) => {
    const { api } = coordinator;
    const { worker, uuid, claimed } = await runningTask(coordinator);
    const codes = ['no_guests', 'execution_ended', 'port_closed', 'path_not_found', 'made_up'];
    await serveStreams(t, worker, ({ op }, say) => op === 'open' && say(refused(codes.shift() ?? 'stream_lost')));
    const onData = async (): Promise<void> => {};
    await t.throwsAsync(api.running.exec(uuid, { args: ['x'] }, { onData }), { code: 'no_guests' });
    await t.throwsAsync(api.running.exec(uuid, { args: ['x'] }, { onData }), { code: 'execution_ended' });
    await t.throwsAsync(api.running.connect(uuid, 80, { onData }), { code: 'port_closed' });
    await t.throwsAsync(api.running.files(uuid, 'exec'), { code: 'path_not_found' });
    await t.throwsAsync(api.running.watchPort(uuid, 80), { code: 'stream_lost' });
    await t.throwsAsync(api.running.files(uuid, 'exec/\0'), { message: /^path: must not have a NUL/ });
    await worker.report([reportOf(claimed, 0)]);
    await t.throwsAsync(api.running.exec(uuid, { args: ['x'] }, { onData }), { code: 'task_ended' });
    await t.throwsAsync(api.running.read(uuid, 'exec/x'), { code: 'task_ended' });
  },
);

onEachBackend('half of a file does not pass for the whole; a lost part ends the stream', async (t, coordinator) => {
  const { api } = coordinator;
  const { worker, uuid } = await runningTask(coordinator);
  const { heard } = await serveStreams(t, worker, ({ op }, say) => {
    if (op !== 'open') return;
    say({ op: 'opened', size_bytes: 10 });
    say({ op: 'data', channel: 'stdout', offset: 0, data_base64: base64('12345') });
    // The part before it was lost.
    say({ op: 'data', channel: 'stdout', offset: 7, data_base64: base64('890') });
  });
  await t.throwsAsync(async () => {
    const { body } = await api.running.read(uuid, 'exec/x');
    for await (const bytes of body) t.true(bytes.length > 0);
  });
  await eventually(() => heard.some(({ op }) => op === 'close'), { message: 'the worker is told' });
});

onEachBackend('a command ends with its client, and with the right of its person', async (t, coordinator) => {
  const { api, url } = coordinator;
  const { worker, uuid } = await runningTask(coordinator);
  const { heard } = await serveStreams(t, worker, ({ op }, say) => op === 'open' && say({ op: 'opened' }));
  const closes = (): number => heard.filter(({ op }) => op === 'close').length;
  const onData = async (): Promise<void> => {};
  (await api.running.exec(uuid, { args: ['x'] }, { onData })).close();
  await eventually(() => closes() === 1, { message: 'the command is ended' });
  const { group } = await api.getTask(uuid);
  const [name, password] = [`n${randomUUID().slice(0, 8)}`, 'a good password'];
  await api.access.createUser({ username: name, password });
  await api.access.updateMembers(group, { [name]: 'write' });
  const { token } = await new MitosisClient({ url }).login(name, password);
  const theirs = new MitosisClient({ url, token });
  const socket = await theirs.running.exec(uuid, { args: ['x'] }, { onData });
  await api.access.updateMembers(group, { [name]: 'read' });
  await t.throwsAsync(socket.ended, { code: 'role_required' });
  await eventually(() => closes() === 2, { message: 'the command is ended' });
  await t.throwsAsync(theirs.running.exec(uuid, { args: ['x'] }, { onData }), { code: 'role_required' });
  const { entries } = await api.access.audit({ limit: 100 });
  const noted = entries
    .filter(({ action, object }) => action === 'tasks.exec' && object.includes(uuid))
    .map(({ outcome }) => outcome);
  t.deepEqual([noted.filter((outcome) => outcome === 'done').length, noted.includes('denied')], [2, true]);
});
