import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { startStack } from './harness/stack.js';

const file = fileScope(test);
const TASKS = 40;

interface Received {
  readonly id: string;
  readonly subject: string;
  readonly state: string;
}

/** An HTTP server that notes the messages it gets. */
async function receiver(): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      const { data } = JSON.parse(body) as { data: { subject: { uuid: string; state: string } } };
      const { uuid: subject, state } = data.subject;
      received.push({ id: String(req.headers['webhook-id']), subject, state });
      res.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  file.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received };
}

test('each end is told of, though the coordinator is killed meanwhile', async (t) => {
  t.timeout(300_000);
  const { url, received } = await receiver();
  const stack = await startStack(t, { slots: 4, notifyNetworks: '127.0.0.0/8' });
  await stack.mito('login', stack.ready.admin.username, '--password', stack.ready.admin.password);
  await stack.json('notify', 'add', 'webhook', url, '--per-hour', '1000');
  const tasks = path.join(await tempDir(t), 'tasks.json');
  await writeFile(tasks, JSON.stringify(Array(TASKS).fill({ args: ['sleep', '0.3'], notify: {} })));
  const { stdout } = await stack.mito('tasks', 'submit-many', '--quiet', tasks);
  const uuids = stdout.trim().split('\n');
  await eventually(() => received.length > 0, { message: 'the first message' });
  process.kill(stack.ready.pids.coordinator, 'SIGKILL');
  const told = (): Set<string> => new Set(received.map(({ subject }) => subject));
  await eventually(() => told().size === TASKS, {
    message: () => `${TASKS} tasks are told of; there are ${told().size}`,
    timeoutMs: 200_000,
  });
  t.deepEqual([...told()].toSorted(), uuids.toSorted());
  t.deepEqual([...new Set(received.map(({ state }) => state))], ['completed']);
  // What came twice, as nobody could note that it was sent, has the same id.
  t.is(new Set(received.map(({ id }) => id)).size, TASKS);
});
