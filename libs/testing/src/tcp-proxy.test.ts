import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { eventually } from './eventually.js';
import type { Scope } from './scope.js';
import { tcpProxy, type TcpProxy } from './tcp-proxy.js';

/** A server that returns each chunk in capitals, and says what it was asked. */
async function shouter(scope: Scope): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heard.push(chunk.toString());
      socket.write(chunk.toString().toUpperCase());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.teardown(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return { port: address.port, heard };
}

interface Caller {
  readonly socket: Socket;
  readonly said: () => string;
  readonly fate: () => string;
}

async function call(scope: Scope, proxy: TcpProxy): Promise<Caller> {
  const socket = connect(proxy.port, '127.0.0.1');
  scope.teardown(() => void socket.destroy());
  let said = '';
  let fate = 'open';
  socket.on('data', (chunk) => (said += chunk.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => (fate = error.code ?? 'error'));
  socket.on('end', () => (fate = 'ended'));
  await eventually(() => !socket.connecting || fate !== 'open', { message: 'the proxy did not answer' });
  return { socket, said: () => said, fate: () => fate };
}

async function hears(caller: Caller, text: string): Promise<void> {
  await eventually(() => caller.said() === text, {
    message: () => `heard "${caller.said()}" instead of "${text}" (${caller.fate()})`,
  });
}

async function meets(caller: Caller, fate: string): Promise<void> {
  await eventually(() => caller.fate() === fate, { message: () => `the connection is ${caller.fate()}, not ${fate}` });
}

test('passes traffic and the end of a stream both ways', async (t) => {
  const proxy = await tcpProxy(t, await shouter(t));
  const caller = await call(t, proxy);
  caller.socket.write('abc');
  await hears(caller, 'ABC');
  caller.socket.end();
  await meets(caller, 'ended');
  await eventually(() => proxy.open === 0, { message: 'the connection was not forgotten' });
  t.is(proxy.injected, 0);
  t.is(proxy.accepted, 1);
});

test('latency delays request and answer and keeps their order', async (t) => {
  const proxy = await tcpProxy(t, await shouter(t));
  const caller = await call(t, proxy);
  proxy.set({ kind: 'latency', delayMs: 40 });
  const begin = performance.now();
  caller.socket.write('one ');
  proxy.set({ kind: 'latency', delayMs: 1 });
  await eventually(() => proxy.open === 1, { message: 'not connected' });
  caller.socket.write('two ');
  await hears(caller, 'ONE TWO ');
  proxy.set({ kind: 'latency', delayMs: 40 });
  caller.socket.write('three');
  await hears(caller, 'ONE TWO THREE');
  t.true(performance.now() - begin >= 80);
});

test('a large transfer through a slow line arrives whole', async (t) => {
  const target = await shouter(t);
  const proxy = await tcpProxy(t, target);
  proxy.set({ kind: 'latency', delayMs: 2 });
  const caller = await call(t, proxy);
  const text = 'x'.repeat(5_000_000);
  caller.socket.write(text);
  await eventually(() => caller.said().length === text.length, {
    message: () => `${caller.said().length} bytes arrived`,
  });
  t.is(caller.said(), text.toUpperCase());
});

test('reset breaks open connections at once and new ones as they come', async (t) => {
  const proxy = await tcpProxy(t, await shouter(t));
  const before = await call(t, proxy);
  before.socket.write('a');
  await hears(before, 'A');
  proxy.set({ kind: 'reset' });
  await meets(before, 'ECONNRESET');
  await meets(await call(t, proxy), 'ECONNRESET');
  proxy.set({ kind: 'pass' });
  const after = await call(t, proxy);
  after.socket.write('b');
  await hears(after, 'B');
  t.is(proxy.injected, 2);
});

test('half open: nothing gets through, and the connection is reset when traffic flows again', async (t) => {
  const target = await shouter(t);
  const proxy = await tcpProxy(t, target);
  const old = await call(t, proxy);
  old.socket.write('a');
  await hears(old, 'A');
  proxy.set({ kind: 'half-open' });
  old.socket.write('lost');
  const fresh = await call(t, proxy);
  fresh.socket.write('lost too');
  fresh.socket.end();
  // The other proxy shows that time enough for an answer has passed.
  const other = await tcpProxy(t, target);
  const witness = await call(t, other);
  witness.socket.write('w');
  await hears(witness, 'W');
  t.deepEqual([old.fate(), fresh.fate(), old.said()], ['open', 'open', 'A']);
  t.deepEqual(target.heard, ['a', 'w']);
  proxy.set({ kind: 'pass' });
  await meets(old, 'ECONNRESET');
  await meets(fresh, 'ECONNRESET');
  t.is(proxy.injected, 2);
});

test('drop-reply: the server gets the request, the caller a reset instead of the answer', async (t) => {
  const target = await shouter(t);
  const proxy = await tcpProxy(t, target);
  proxy.set({ kind: 'drop-reply' });
  const caller = await call(t, proxy);
  caller.socket.write('pay');
  await meets(caller, 'ECONNRESET');
  t.deepEqual(target.heard, ['pay']);
  t.is(caller.said(), '');
  t.is(proxy.injected, 1);
});

test('cut resets what is open and leaves the mode alone', async (t) => {
  const proxy = await tcpProxy(t, await shouter(t));
  const caller = await call(t, proxy);
  await eventually(() => proxy.open === 1, { message: 'not accepted' });
  proxy.cut();
  await meets(caller, 'ECONNRESET');
  t.deepEqual(proxy.mode, { kind: 'pass' });
});

test('a target that refuses connections resets the caller', async (t) => {
  const gone = await tcpProxy(t, { port: 1 });
  const proxy = await tcpProxy(t, { port: gone.port });
  await gone.stop();
  await meets(await call(t, proxy), 'ECONNRESET');
  t.is(proxy.injected, 0);
});
