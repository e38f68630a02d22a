import { randomUUID } from 'node:crypto';
import test from 'ava';
import { silentLog } from '@mitosis/testing';
import { Follows } from './follows.js';

test('who sends what nobody here reads waits until it was passed on', async (t) => {
  const published: (() => void)[] = [];
  const bus = {
    publish: () => new Promise<void>((resolve) => published.push(resolve)),
    subscribe: async () => async () => undefined,
  };
  const follows = new Follows({ bus: bus as never, log: silentLog, sendToWorker: () => undefined });
  await follows.start();
  let isPassedOn = false;
  const passing = follows
    .onOutput({ type: 'output', follow: randomUUID(), offset: 0, frames_base64: '' })
    .then(() => (isPassedOn = true));
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual([published.length, isPassedOn], [1, false]);
  published[0]?.();
  t.true(await passing);
  await follows.stop();
});
