import test from 'ava';
import { eventually } from '@mitosis/testing';
import { MESSAGE_LIMIT_BYTES } from '../queue-backend.js';
import { KINDS, openScene, query } from './scene.js';

for (const kind of KINDS) {
  test(`${kind}: a message reaches every replica that listens to its channel, in order`, async (t) => {
    const scene = await openScene(kind, t);
    const [one, two] = [await scene.backend(), await scene.backend()];
    const heard: string[][] = [[], [], []];
    await one.bus.subscribe('news', (message) => heard[0]?.push(message));
    await two.bus.subscribe('news', (message) => heard[1]?.push(message));
    await two.bus.subscribe('other', (message) => heard[2]?.push(message));
    const sent = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    for (const message of sent) await one.bus.publish('news', message);
    await eventually(() => heard[0]?.length === 100 && heard[1]?.length === 100, { message: 'all messages' });
    t.deepEqual(heard, [sent, sent, []]);
  });

  test(`${kind}: messages that are published at once arrive in their order, too`, async (t) => {
    const scene = await openScene(kind, t);
    const { bus } = await scene.backend();
    const heard: string[] = [];
    for (const channel of ['news', 'other']) await bus.subscribe(channel, (message) => heard.push(message));
    const sent = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    await Promise.all(sent.map((message, index) => bus.publish(index % 3 === 0 ? 'news' : 'other', message)));
    await eventually(() => heard.length === 500, { message: () => `${heard.length} of 500` });
    t.deepEqual(heard, sent);
  });

  test(`${kind}: a message may be as long as the limit, and not longer`, async (t) => {
    const scene = await openScene(kind, t);
    const { bus } = await scene.backend();
    const heard: string[] = [];
    await bus.subscribe('news', (message) => heard.push(message));
    for (const length of [0, 7_999, 8_001, MESSAGE_LIMIT_BYTES / 2]) await bus.publish('news', 'é'.repeat(length));
    await eventually(() => heard.length === 4, { message: () => `${heard.length} of 4` });
    t.is(heard[3], 'é'.repeat(MESSAGE_LIMIT_BYTES / 2));
    await t.throwsAsync(bus.publish('news', 'x'.repeat(MESSAGE_LIMIT_BYTES + 1)), { code: 'message_too_large' });
  });

  test(`${kind}: an unsubscribed listener hears nothing, and one that throws harms no other`, async (t) => {
    const scene = await openScene(kind, t);
    const { bus } = await scene.backend();
    const heard: string[] = [];
    await bus.subscribe('news', () => {
      throw new Error('a bug');
    });
    const unsubscribe = await bus.subscribe('news', (message) => heard.push(`a ${message}`));
    await bus.subscribe('news', (message) => heard.push(`b ${message}`));
    await bus.publish('news', '1');
    await eventually(() => heard.length === 2, { message: 'both hear it' });
    await unsubscribe();
    await unsubscribe();
    await bus.publish('news', '2');
    await eventually(() => heard.length === 3, { message: 'one hears it' });
    t.deepEqual(heard, ['a 1', 'b 1', 'b 2']);
  });
}

test('postgres: old messages are removed from the table', async (t) => {
  const scene = await openScene('postgres', t);
  if (scene.config.kind !== 'postgres') throw new Error('a Postgres scene');
  const { databaseUrl } = scene.config;
  const { bus } = await scene.backend();
  await query(
    databaseUrl,
    `INSERT INTO bullmq.bus_message (body, sent_at) VALUES ('old', now() - interval '2 minutes')`,
  );
  await bus.publish('news', 'new');
  const { rows } = await query(databaseUrl, 'SELECT body FROM bullmq.bus_message');
  t.deepEqual(rows, [{ body: 'new' }]);
});
