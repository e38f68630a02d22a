import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import test from 'ava';
import { post, type Post } from './post.js';

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

interface Listener {
  readonly port: number;
  readonly connections: () => number;
  readonly bodies: string[];
}

async function listener(
  t: { teardown(work: () => void): void },
  answer: (res: { writeHead(status: number, headers?: object): { end(text?: string): void } }) => void,
): Promise<Listener> {
  let count = 0;
  const bodies: string[] = [];
  const server: Server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      bodies.push(body);
      answer(res);
    });
  });
  server.on('connection', () => (count += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: portOf(server), connections: () => count, bodies };
}

const send = (url: string, more: Partial<Post> = {}) =>
  post({ url, body: '{}', headers: {}, signal: AbortSignal.timeout(10_000), timeoutMs: 10_000, allowed: [], ...more });

test('an address that is not public is refused in every form, without a connection', async (t) => {
  const { port, connections } = await listener(t, (res) => res.writeHead(200).end());
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0',
  ];
  for (const host of hosts) {
    const { isDelivered, status } = await send(`http://${host}:${port}/`);
    t.false(isDelivered, host);
    t.regex(status, /^refused: /, host);
  }
  t.is(connections(), 0);
});

test('one address that is not public refuses a host with several', async (t) => {
  const { port, connections } = await listener(t, (res) => res.writeHead(200).end());
  const addresses = [
    { address: '8.8.8.8', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  const { status } = await send(`http://receiver.test:${port}/`, { lookUp: async () => addresses });
  t.is(status, 'refused: the address of the host is not public');
  t.is((await send('http://receiver.test/', { lookUp: async () => [] })).status, 'refused: the host has no address');
  t.is(connections(), 0);
});

test('a host is looked up once: what was judged is what is connected to', async (t) => {
  const { port, bodies } = await listener(t, (res) => res.writeHead(204).end());
  const answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '127.0.0.2', family: 4 }]];
  const lookUp = async () => answers.shift() ?? [];
  const url = `http://receiver.test:${port}/hook`;
  t.deepEqual(await send(url, { lookUp, allowed: ['127.0.0.1'] }), { isDelivered: true, status: 'HTTP 204' });
  t.deepEqual(bodies, ['{}']);
  t.is(answers.length, 1);
  t.regex((await send(url, { lookUp, allowed: ['127.0.0.1'] })).status, /^refused/);
});

test('a redirect is not followed, and a failed look-up opens nothing', async (t) => {
  const inner = await listener(t, (res) => res.writeHead(200).end());
  const outer = await listener(t, (res) =>
    res.writeHead(302, { location: `http://127.0.0.1:${inner.port}/` }).end('secret'),
  );
  const { isDelivered, status } = await send(`http://127.0.0.1:${outer.port}/`, { allowed: ['127.0.0.1'] });
  t.false(isDelivered);
  t.is(status, 'HTTP 302, redirects are not followed');
  t.is(inner.connections(), 0);
  const failed = await send('http://receiver.test/', {
    lookUp: () => Promise.reject(Object.assign(new Error('said the server'), { code: 'ENOTFOUND' })),
  });
  t.deepEqual(failed, { isDelivered: false, status: 'failed (ENOTFOUND)' });
});

test('a receiver that accepts and never responds costs the time of one attempt', async (t) => {
  const server = createTcpServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${portOf(server)}/`;
  const { status } = await send(url, { signal: AbortSignal.timeout(200), timeoutMs: 200, allowed: ['127.0.0.0/8'] });
  t.is(status, 'no response within 0.2 s');
  const never = new Promise<never>(() => undefined);
  const lookedUp = await send('http://receiver.test/', {
    lookUp: () => never,
    signal: AbortSignal.timeout(200),
    timeoutMs: 200,
  });
  t.is(lookedUp.status, 'no response within 0.2 s');
});

test('a receiver that switches protocols has not taken the message, and costs no more than its response', async (t) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nmore');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${portOf(server)}/`;
  t.deepEqual(await send(url, { allowed: ['127.0.0.0/8'] }), { isDelivered: false, status: 'HTTP 101' });
});
