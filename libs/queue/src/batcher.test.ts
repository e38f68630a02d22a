import test from 'ava';
import { Batcher } from './batcher.js';

/** A batcher whose batches end when told. */
function controlled(concurrency: number, paceMs = 0) {
  const batches: { items: readonly number[]; finish(): void; fail(error: Error): void }[] = [];
  const batcher = new Batcher<number, number>(
    (items) =>
      new Promise((resolve, reject) => {
        batches.push({ items, finish: () => resolve(items.map((item) => item * 10)), fail: reject });
      }),
    { maxItems: 3, concurrency, paceMs: () => paceMs },
  );
  return { batcher, batches };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('calls of one turn travel together, each gets its own answer', async (t) => {
  const { batcher, batches } = controlled(1);
  const answers = Promise.all([batcher.call(1), batcher.call(2)]);
  await turn();
  t.deepEqual(
    batches.map(({ items }) => items),
    [[1, 2]],
  );
  batches[0]?.finish();
  t.deepEqual(await answers, [10, 20]);
});

test('what comes while a batch is on its way goes with the next one, within its bound', async (t) => {
  const { batcher, batches } = controlled(1);
  const first = batcher.call(0);
  await turn();
  const rest = Promise.all([1, 2, 3, 4].map((item) => batcher.call(item)));
  await turn();
  t.is(batches.length, 1);
  batches[0]?.finish();
  await first;
  await turn();
  t.deepEqual(batches[1]?.items, [1, 2, 3]);
  batches[1]?.finish();
  await turn();
  batches[2]?.finish();
  t.deepEqual(await rest, [10, 20, 30, 40]);
});

test('a batch that fails fails its own calls only', async (t) => {
  const { batcher, batches } = controlled(1);
  const failing = batcher.call(1);
  await turn();
  const later = batcher.call(2);
  batches[0]?.fail(new Error('no'));
  await t.throwsAsync(failing, { message: 'no' });
  await turn();
  batches[1]?.finish();
  t.is(await later, 20);
});

test('a stream of calls travels in batches that leave no faster than the pace; a full one does not wait', async (t) => {
  const { batcher, batches } = controlled(4, 60_000);
  const first = batcher.call(0);
  await turn();
  t.deepEqual(
    batches.map(({ items }) => items),
    [[0]],
    'a single call goes at once',
  );
  const rest = Promise.all([batcher.call(1), batcher.call(2)]);
  await turn();
  t.is(batches.length, 1, 'the next ones wait for more');
  const last = batcher.call(3);
  await turn();
  t.deepEqual(batches[1]?.items, [1, 2, 3]);
  for (const batch of batches) batch.finish();
  t.deepEqual([await first, await rest, await last], [0, [10, 20], 30]);
});

test('a call in a hurry does not wait for the pace, and takes along what does', async (t) => {
  const { batcher, batches } = controlled(4, 60_000);
  const first = batcher.call(0);
  await turn();
  const rest = Promise.all([batcher.call(1), batcher.call(2, true)]);
  await turn();
  t.deepEqual(
    batches.map(({ items }) => items),
    [[0], [1, 2]],
  );
  for (const batch of batches) batch.finish();
  t.deepEqual([await first, await rest], [0, [10, 20]]);
});

test('a batch is bounded in bytes; an item that is larger travels alone', async (t) => {
  const batches: number[][] = [];
  const batcher = new Batcher<number, number>(
    async (items) => {
      batches.push([...items]);
      return items;
    },
    { maxItems: 10, concurrency: 1, paceMs: () => 0, maxBytes: 10, sizeOf: (item) => item },
  );
  await Promise.all([4, 5, 6, 20, 1, 9].map((item) => batcher.call(item)));
  t.deepEqual(batches, [[4, 5], [6], [20], [1, 9]]);
});

test('an item that spoils its batch fails its own call and no other', async (t) => {
  let sent = 0;
  const batcher = new Batcher<number, number>(
    async (items) => {
      sent += 1;
      if (items.some((item) => item % 10 === 0)) throw new Error('refused');
      return items;
    },
    { maxItems: 64, concurrency: 1, paceMs: () => 0, isFaultOfOne: () => true },
  );
  const results = await Promise.allSettled(Array.from({ length: 64 }, (_, index) => batcher.call(index + 1)));
  t.deepEqual(
    results.flatMap(({ status }, index) => (status === 'rejected' ? [index + 1] : [])),
    [10, 20, 30, 40, 50, 60],
  );
  t.true(sent < 64);
});
