import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { MitosisClient, type WorkerClient } from '@mitosis/client';
import { FromWorker, ToWorker } from '@mitosis/protocol';
import { connectWorker, reportOf } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend } = eachBackend(test);

type Order = Extract<ToWorker, { type: 'terminal' }>;
type Answer = Extract<FromWorker, { type: 'terminal' }>;

/** Connects the worker, and returns each order for a terminal as `answer` says. */
async function serveTerminals(
  t: ExecutionContext,
  worker: WorkerClient,
  answer: (order: Order) => Omit<Answer, 'type' | 'request'> | undefined,
): Promise<void> {
  const socket = worker.openChannel();
  t.teardown(() => socket.terminate());
  socket.on('message', (data) => {
    const message = ToWorker.parse(JSON.parse(String(data)));
    if (message.type !== 'terminal') return;
    const said = answer(message);
    if (said) socket.send(JSON.stringify(FromWorker.parse({ type: 'terminal', request: message.request, ...said })));
  });
  await once(socket, 'open');
}

const PTY = { pty: { cols: 80, rows: 24 } };

onEachBackend('a terminal is reached through any coordinator, whichever has its worker', async (t, coordinator) => {
  const { api, token } = coordinator;
  const replica = await coordinator.startReplica();
  const worker = await connectWorker(coordinator);
  const orders: Order[] = [];
  await serveTerminals(t, worker, (order) => {
    orders.push(order);
    // The first answer to what is typed is lost.
    const isLost = order.typed !== undefined && orders.filter(({ typed }) => typed).length === 1;
    return isLost ? undefined : { taken: order.typed ? 5 : 0, offset: 1234 };
  });
  const { uuid } = await api.submitTask({ args: ['bash'], ...PTY });
  const elsewhere = new MitosisClient({ url: replica.url, token });
  await t.throwsAsync(elsewhere.terminals.open(uuid, PTY.pty), { code: 'not_running' });
  const opening = elsewhere.terminals.open(uuid, { cols: 91, rows: 17 }, { waitMs: 20_000 });
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  t.deepEqual(await opening, { attempt: 1, offset: 1234 });
  await elsewhere.terminals.typist(uuid, 1).type(Buffer.from('ls -l'));
  t.like(orders[0], { attempt: { task: uuid, attempt: 1 }, size: { cols: 91, rows: 17, redraw: false } });
  const typed = orders.flatMap((order) => (order.typed ? [order.typed] : []));
  t.true(typed.length > 1, 'it was told again');
  for (const { offset, data_base64 } of typed)
    t.deepEqual([offset, Buffer.from(data_base64, 'base64').toString()], [0, 'ls -l']);
  await t.throwsAsync(elsewhere.terminals.typist(uuid, 2).type(Buffer.from('x')), { code: 'terminal_ended' });
  if (claimed) await worker.report([reportOf(claimed, 0)]);
  await t.throwsAsync(elsewhere.terminals.open(uuid, PTY.pty), { code: 'terminal_ended' });
});

onEachBackend('what a worker refuses is told to the person', async (t, coordinator) => {
  const { api } = coordinator;
  const worker = await connectWorker(coordinator);
  await serveTerminals(t, worker, () => ({ taken: 0, offset: 0, refusal: 'input_gap' }));
  const { uuid } = await api.submitTask({ args: ['bash'], ...PTY });
  await worker.claim([{ task: uuid, request: randomUUID() }]);
  await t.throwsAsync(api.terminals.typist(uuid, 1).type(Buffer.from('x')), { code: 'input_gap' });
});

onEachBackend('a task without a terminal has none, and some tasks can not have one', async (t, { api }) => {
  const { uuid } = await api.submitTask({ args: ['true'] });
  await t.throwsAsync(api.terminals.open(uuid, PTY.pty, { waitMs: 20_000 }), { code: 'no_terminal' });
  await t.throwsAsync(api.terminals.open(uuid, { cols: 0, rows: 1 }), { code: 'invalid_request', message: /cols/ });
  await t.throwsAsync(api.submitTask({ args: ['cat'], stdin_base64: 'eA==', ...PTY }), {
    code: 'invalid_request',
    message: /stdin_base64/,
  });
  const wasm = { sha256: 'a'.repeat(64) };
  await t.throwsAsync(api.submitTask({ args: ['p'], wasm, ...PTY }), { code: 'invalid_request', message: /pty/ });
  await t.throwsAsync(api.submitTask({ args: ['p'], wasm, log_limit_bytes: 5000 }), {
    code: 'invalid_request',
    message: /log_limit_bytes/,
  });
  t.like(await api.getTask((await api.submitTask({ args: ['bash'], log_limit_bytes: 5000, ...PTY })).uuid), {
    log_limit_bytes: 5000,
    ...PTY,
  });
});
