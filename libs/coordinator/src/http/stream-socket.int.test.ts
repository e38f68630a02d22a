import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { StreamSocket } from './stream-socket.js';

const refusal = test.macro(async (t, message: string, said: string) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.teardown(() => server.close());
  await once(server, 'listening');
  const nothing = async (): Promise<void> => undefined;
  server.on('connection', (socket) => {
    new StreamSocket(socket, true, { onData: nothing, onMessage: nothing, onClosed: () => undefined });
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  t.teardown(() => client.terminate());
  client.once('open', () => client.send(message));
  const [bytes] = (await once(client, 'message')) as [Buffer];
  const { type, error } = JSON.parse(bytes.toString()) as { type: string; error: { code: string; message: string } };
  t.deepEqual([type, error.code], ['closed', 'invalid_request']);
  t.true(error.message.startsWith(said), error.message);
  t.false(error.message.includes('\n'), error.message);
  await once(client, 'close');
});

test('no arguments are refused', refusal, '{"type":"open","args":[]}', 'args: ');
test('an unknown field is named', refusal, '{"type":"open","args":["true"],"env":{}}', 'env: there is no such field');
test('an argument with NUL is named', refusal, '{"type":"open","args":["a\\u0000"]}', 'args.0: must not have a NUL');
test('a wrong type of message is named', refusal, '{"type":"x"}', 'type: ');
test('a message that is not an object is refused', refusal, '7', 'message: ');
test('text that is not JSON is refused', refusal, 'nonsense', 'message: is not JSON');
