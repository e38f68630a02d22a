import test from 'ava';
import { inOrder, STREAM_WINDOW_BYTES, StreamEnd, type SharedPart } from './index.js';

/** All that can happen by itself has happened. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two ends that are joined, with what has happened at the second one. */
function pair({ take = async () => {} }: { take?: () => Promise<void> } = {}) {
  const sent: SharedPart[] = [];
  const seen = { bytes: 0, text: '', hasEnded: false, broken: '' };
  const near = new StreamEnd({
    send: (part) => (sent.push(part), far.receive(part)),
    onData: async () => {},
    onEnd: () => {},
    onBroken: () => {},
  });
  const far = new StreamEnd({
    send: (part) => near.receive(part),
    onData: async (bytes, channel) => {
      await take();
      seen.bytes += bytes.length;
      if (bytes.length < 100) seen.text += `${channel}:${bytes.toString()} `;
    },
    onEnd: () => void (seen.hasEnded = true),
    onBroken: (reason) => (seen.broken = reason),
  });
  return { near, far, sent, seen };
}

test('bytes arrive in order, with their channel, and then their end', async (t) => {
  const { near, far, seen } = pair();
  await near.write(Buffer.from('a'));
  await near.write(Buffer.from('b'), 'stderr');
  near.finish();
  await far.settled;
  t.deepEqual(seen, { bytes: 2, text: 'stdout:a stderr:b ', hasEnded: true, broken: '' });
});

test('a writer waits while the other end takes nothing, and continues when it does', async (t) => {
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { near, far, sent, seen } = pair({ take: () => gate });
  const written = near.write(Buffer.alloc(10 * STREAM_WINDOW_BYTES));
  await turn();
  const bytes = sent.reduce((sum, part) => sum + (part.op === 'data' ? (part.data_base64.length / 4) * 3 : 0), 0);
  t.true(bytes <= STREAM_WINDOW_BYTES + 70_000, `${bytes} bytes are on their way`);
  release();
  t.true(await written);
  await far.settled;
  t.is(seen.bytes, 10 * STREAM_WINDOW_BYTES);
});

test('a gap breaks the stream, and so does more than the window', (t) => {
  const { far, seen } = pair();
  far.receive({ op: 'data', channel: 'stdout', offset: 5, data_base64: 'eA==' });
  t.regex(seen.broken, /lost/);
  const other = pair({ take: () => new Promise(() => {}) });
  const piece = Buffer.alloc(65_536).toString('base64');
  for (let offset = 0; offset <= 2 * STREAM_WINDOW_BYTES; offset += 65_536)
    other.far.receive({ op: 'data', channel: 'stdout', offset, data_base64: piece });
  t.regex(other.seen.broken, /window/);
});

test('closing releases whoever waits to write', async (t) => {
  const { near } = pair({ take: () => new Promise(() => {}) });
  const written = near.write(Buffer.alloc(10 * STREAM_WINDOW_BYTES));
  near.close();
  t.false(await written);
  t.false(await near.write(Buffer.from('late')));
});

test('an acknowledgement of bytes that were never sent makes no room', async (t) => {
  const { near, sent } = pair({ take: () => new Promise(() => {}) });
  near.receive({ op: 'ack', offset: Number.MAX_SAFE_INTEGER });
  void near.write(Buffer.alloc(10 * STREAM_WINDOW_BYTES));
  await turn();
  t.true(sent.length <= 5);
  near.close();
});

test('messages are handled one after the other, and the socket is paused meanwhile', async (t) => {
  const calls: string[] = [];
  const socket = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
  const take = inOrder<string>(socket, async (message) => {
    calls.push(message);
    await Promise.resolve();
  });
  take('a');
  take('b');
  await turn();
  t.deepEqual(calls, ['pause', 'a', 'b', 'resume']);
});
