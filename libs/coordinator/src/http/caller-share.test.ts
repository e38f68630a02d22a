import test from 'ava';
import { MitoError } from '@mitosis/domain';
import { CallerShare } from './caller-share.js';

/** Which of the requests have their turn by now. */
async function settled(requests: readonly Promise<unknown>[]): Promise<boolean[]> {
  const none = Symbol('waits');
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.all(requests.map(async (request) => (await Promise.race([request, Promise.resolve(none)])) !== none));
}

test('one caller waits in a line of its own, others do not notice', async (t) => {
  const share = new CallerShare({ active: 2 });
  const greedy = [1, 2, 3, 4].map(() => share.enter('reader'));
  t.deepEqual(await settled(greedy), [true, true, false, false]);
  t.deepEqual(await settled([share.enter('other')]), [true]);
  const leave = await (greedy[0] as Promise<() => void>);
  leave();
  leave();
  t.deepEqual(await settled(greedy), [true, true, true, false]);
});

test('a full line refuses, and is as long as before when a client went away', async (t) => {
  const share = new CallerShare({ active: 1, waiting: 1 });
  const leave = await share.enter('reader');
  const client = new AbortController();
  const gone = share.enter('reader', client.signal);
  await t.throwsAsync(share.enter('reader'), { instanceOf: MitoError, code: 'too_many_requests' });
  client.abort();
  await t.throwsAsync(gone, { instanceOf: MitoError, code: 'client_gone' });
  const next = share.enter('reader');
  leave();
  t.deepEqual(await settled([next]), [true]);
});
