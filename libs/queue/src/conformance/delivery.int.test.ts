import test from 'ava';
import { eventually, SOON_MS } from '@mitosis/testing';
import { deliveries, gate, openScene, WAYS } from './scene.js';

for (const kind of WAYS) {
  test(`${kind}: what is published is delivered once, with its fields`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const { got } = await scene.consume(backend, ['lab']);
    const sent = [...deliveries(20, { name: 'render frame 7' }), ...deliveries(5, { priority: -3 })];
    await backend.publisher.publish('lab', sent);
    await eventually(() => got.length === sent.length, { message: () => `${got.length} deliveries of ${sent.length}` });
    const byId = (a: { jobId: string }, b: { jobId: string }): number => a.jobId.localeCompare(b.jobId);
    t.deepEqual(got.toSorted(byId), sent.toSorted(byId));
    await eventually(async () => (await backend.publisher.jobIds('lab')).length === 0, { message: 'no job is left' });
  });

  test(`${kind}: slots are never exceeded over 20 queues, and all are used`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const queues = Array.from({ length: 20 }, (_, index) => `lab~t${index}`).toSorted();
    let running = 0;
    let most = 0;
    const { consumer, got } = await scene.consume(backend, queues, {
      slots: 3,
      onDelivery: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running -= 1;
      },
    });
    await Promise.all(queues.map((queue) => backend.publisher.publish(queue, deliveries(10))));
    await eventually(() => got.length === 200, { timeoutMs: 30_000, message: () => `${got.length} of 200` });
    await eventually(() => consumer.freeSlots === 3, { message: () => `${consumer.freeSlots} free slots` });
    t.is(most, 3);
    t.is(new Set(got.map(({ jobId }) => jobId)).size, 200);
  });

  test(`${kind}: inside a queue, higher priority comes first, then age`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const sent = [0, -1000, 5, 0, 1000, 5].flatMap((priority) => deliveries(1, { priority }));
    for (const delivery of sent) await backend.publisher.publish('lab', [delivery]);
    const { got } = await scene.consume(backend, ['lab'], { slots: 1 });
    await eventually(() => got.length === sent.length, { message: () => `${got.length} of ${sent.length}` });
    t.deepEqual(
      got.map(({ jobId }) => sent.findIndex((delivery) => delivery.jobId === jobId)),
      [4, 2, 5, 0, 3, 1],
    );
  });

  test(`${kind}: a group with 500 jobs delays another group by one turn of a slot`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const many = ['busy', 'busy~a', 'busy~b'];
    for (const queue of many) await backend.publisher.publish(queue, deliveries(170));
    const held = gate();
    let isHeld = true;
    const { got } = await scene.consume(backend, [...many, 'quiet'], {
      slots: 2,
      onDelivery: async () => {
        if (isHeld) await held.opened;
      },
    });
    await eventually(() => got.length === 2, { message: 'both slots are taken' });
    const single = deliveries(1);
    await backend.publisher.publish('quiet', single);
    // The signal is on its way: only with it the turn of the quiet group can come.
    await eventually(async () => (await backend.publisher.jobIds('quiet')).length === 1, { message: 'it is there' });
    await new Promise((resolve) => setImmediate(resolve));
    isHeld = false;
    held.open();
    const position = (): number => got.findIndex(({ jobId }) => jobId === single[0]?.jobId);
    await eventually(() => position() >= 0, { message: () => `the quiet job, after ${got.length} of the others` });
    t.true(position() <= 2 + 20, `it came after ${position()} others`);
    await eventually(() => got.length === 511, { timeoutMs: 30_000, message: () => `${got.length} of 511` });
  });

  test(`${kind}: queues are attached and detached at once, and what runs continues`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const held = gate();
    const { consumer, got } = await scene.consume(backend, ['a'], { onDelivery: () => held.opened });
    await backend.publisher.publish('a', deliveries(1));
    await eventually(() => got.length === 1, { message: 'the first delivery' });
    await consumer.setQueues(['b']);
    await backend.publisher.publish('a', deliveries(1));
    const since = performance.now();
    await backend.publisher.publish('b', deliveries(1));
    await eventually(() => got.length === 2, { message: 'a delivery of the attached queue' });
    t.true(performance.now() - since < SOON_MS, 'no sweep was needed');
    await eventually(() => consumer.freeSlots === 2, { message: () => `${consumer.freeSlots} free slots` });
    await consumer.setQueues([]);
    await backend.publisher.publish('b', deliveries(1));
    t.deepEqual((await backend.publisher.jobIds('a')).length, 2);
    held.open();
    await eventually(async () => (await backend.publisher.jobIds('a')).length === 1, { message: 'the first is done' });
    t.is(got.length, 2);
    await consumer.setQueues(['a', 'b']);
    await eventually(() => got.length === 4, { message: 'both queues after they were attached again' });
  });

  test(`${kind}: waiting jobs are withdrawn, a running one is left alone`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const held = gate();
    const { got } = await scene.consume(backend, ['lab'], { slots: 1, onDelivery: () => held.opened });
    const [first, second, third] = deliveries(3);
    if (!first || !second || !third) throw new Error('three deliveries');
    await backend.publisher.publish('lab', [first, second, third]);
    await eventually(() => got.length === 1, { message: 'the first runs' });
    const removed = await backend.publisher.withdraw('lab', [first.jobId, second.jobId, 'unknown-1']);
    t.deepEqual(removed, [second.jobId]);
    t.deepEqual(await backend.publisher.missing('lab', [first.jobId, second.jobId, third.jobId]), [second.jobId]);
    t.deepEqual((await backend.publisher.jobIds('lab')).toSorted(), [first.jobId, third.jobId].toSorted());
    held.open();
    await eventually(() => got.length === 2, { message: 'the third' });
    t.is(got[1]?.jobId, third.jobId);
  });

  test(`${kind}: a delivery that has left its slot is not done yet, and makes room once`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const held = gate();
    const { consumer, got } = await scene.consume(backend, ['lab'], {
      slots: 1,
      onDelivery: async (_delivery, _signal, leaveSlot) => {
        if (got.length > 1) return held.opened;
        leaveSlot();
        leaveSlot();
        await held.opened;
      },
    });
    await backend.publisher.publish('lab', deliveries(3));
    await eventually(() => got.length === 2, { message: 'the second while the first is not done' });
    await eventually(() => consumer.freeSlots === 0, { message: 'the slot of the second' });
    t.is((await backend.publisher.jobIds('lab')).length, 3);
    held.open();
    await eventually(async () => (await backend.publisher.jobIds('lab')).length === 0, { message: 'all are done' });
    t.is(got.length, 3);
    // Not while a fetch holds it.
    await consumer.pause();
    t.is(consumer.freeSlots, 1);
  });

  test(`${kind}: a job id that is held is left alone, one that is history is delivered again`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const [delivery] = deliveries(1);
    if (!delivery) throw new Error('one delivery');
    const held = gate();
    const { got } = await scene.consume(backend, ['lab'], {
      onDelivery: async () => {
        await held.opened;
        if (got.length === 1) throw new Error('the claim was refused');
      },
    });
    for (let count = 0; count < 3; count++) await backend.publisher.publish('lab', [delivery]);
    await eventually(() => got.length === 1, { message: 'the delivery' });
    await backend.publisher.publish('lab', [delivery]);
    held.open();
    await eventually(async () => (await backend.publisher.jobIds('lab')).length === 0, { message: 'it failed' });
    t.is(got.length, 1);
    const failed = await backend.publisher.bullQueue('lab').getFailed();
    t.deepEqual(
      failed.map((job) => job.failedReason),
      ['the claim was refused'],
    );
    for (const expected of [2, 3]) {
      await backend.publisher.publish('lab', [delivery]);
      await eventually(() => got.length === expected, { message: `delivery number ${expected}` });
      await eventually(async () => (await backend.publisher.jobIds('lab')).length === 0, { message: 'it is done' });
    }
  });

  test(`${kind}: a wiped queue is filled again and continues`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const held = gate();
    const { got } = await scene.consume(backend, ['lab', 'other'], { slots: 1, onDelivery: () => held.opened });
    const sent = deliveries(10);
    await backend.publisher.publish('lab', sent);
    await eventually(() => got.length === 1, { message: 'the first runs' });
    await scene.wipe();
    const ids = sent.map(({ jobId }) => jobId);
    t.deepEqual(await backend.publisher.missing('lab', ids), ids);
    held.open();
    await backend.publisher.publish('lab', sent.slice(1));
    await eventually(() => got.length === 10, { message: () => `${got.length} of 10` });
    await backend.publisher.publish('other', deliveries(1));
    await eventually(() => got.length === 11, { message: 'the other queue' });
  });

  test(`${kind}: a paused consumer takes no job, and continues when resumed`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const other = await scene.backend();
    const held = gate();
    const { consumer, got } = await scene.consume(backend, ['lab'], { onDelivery: () => held.opened });
    await backend.publisher.publish('lab', deliveries(1));
    await eventually(() => got.length === 1, { message: 'the first' });
    await consumer.pause();
    await backend.publisher.publish('lab', deliveries(2));
    const second = await scene.consume(other, ['lab'], { slots: 1 });
    await eventually(() => second.got.length === 2, { message: 'the other consumer takes them' });
    t.is(got.length, 1);
    consumer.resume();
    await eventually(async () => (await backend.publisher.jobIds('lab')).length === 1, { message: 'all are idle' });
    // A signal may reach the paused consumer: it has to be passed on.
    for (let round = 1; round <= 3; round++) {
      await consumer.pause();
      await backend.publisher.publish('lab', deliveries(1));
      await eventually(() => second.got.length === 2 + round, { message: 'the other consumer takes it' });
      consumer.resume();
      await eventually(async () => (await backend.publisher.jobIds('lab')).length === 1, { message: 'all are idle' });
    }
    await consumer.pause();
    await second.consumer.stop();
    await backend.publisher.publish('lab', deliveries(1));
    held.open();
    consumer.resume();
    await eventually(() => got.length === 2, { message: 'a delivery after the resume' });
  });

  test(`${kind}: a paused queue delivers nothing until it is resumed; the others do`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const { got } = await scene.consume(backend, ['lab', 'other']);
    const lab = backend.publisher.bullQueue('lab');
    await lab.pause();
    t.true(await backend.publisher.isPaused('lab'));
    await backend.publisher.publish('lab', deliveries(3));
    t.is((await backend.publisher.jobIds('lab')).length, 3, 'they wait, and are not missing');
    await backend.publisher.publish('other', deliveries(2));
    await eventually(() => got.length === 2, { message: () => `${got.length} of the other queue` });
    await lab.resume();
    t.false(await backend.publisher.isPaused('lab'));
    await eventually(() => got.length === 5, { message: () => `${got.length} of 5 after the resume` });
  });

  test(`${kind}: three consumers share 400 jobs of 20 queues without a duplicate and without a sweep`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const queues = Array.from({ length: 20 }, (_, index) => `g${index % 4}~t${index}`);
    const onDelivery = async (): Promise<void> => void (await new Promise((resolve) => setTimeout(resolve, 1)));
    const consumers = await Promise.all(
      [1, 2, 4].map(async (slots) => scene.consume(await scene.backend(), queues, { slots, onDelivery })),
    );
    for (let round = 0; round < 20; round++) {
      await Promise.all(queues.map((queue) => backend.publisher.publish(queue, deliveries(1))));
    }
    const got = (): string[] => consumers.flatMap((each) => each.got.map(({ jobId }) => jobId));
    await eventually(() => got().length >= 400, { timeoutMs: 30_000, message: () => `${got().length} of 400` });
    t.is(new Set(got()).size, 400);
    t.true(consumers.every((each) => each.got.length > 0));
  });

  test(`${kind}: slots added are used at once, slots taken away are not filled again`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const gates = Array.from({ length: 6 }, gate);
    let settled = 0;
    const { consumer, got } = await scene.consume(backend, ['lab'], {
      slots: 1,
      onDelivery: async () => {
        await gates[got.length - 1]?.opened;
        settled += 1;
      },
    });
    await backend.publisher.publish('lab', deliveries(6));
    await eventually(() => got.length === 1, { message: 'the first slot' });
    consumer.resize(4);
    await eventually(() => got.length === 4, { message: () => `${got.length} of 4 slots` });
    consumer.resize(1);
    for (const each of gates.slice(0, 3)) each.open();
    await eventually(() => settled === 3, { message: 'three are done' });
    t.is(consumer.freeSlots, 0);
    t.is(got.length, 4);
    for (const each of gates) each.open();
    await eventually(() => settled === 6, { message: 'all are done' });
  });

  test(`${kind}: jobs published at once fill all consumers, without a sweep`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    let held = gate();
    let running = 0;
    for (let count = 0; count < 5; count++) {
      await scene.consume(count === 0 ? backend : await scene.backend(), ['lab', 'other'], {
        slots: 1,
        onDelivery: async () => {
          running += 1;
          await held.opened;
          running -= 1;
        },
      });
    }
    for (let round = 0; round < 20; round++) {
      await backend.publisher.publish(round % 3 === 0 ? 'other' : 'lab', deliveries(5));
      await eventually(() => running === 5, { message: () => `${running} of 5 consumers are busy in round ${round}` });
      const opening = held;
      held = gate();
      opening.open();
      // From here on they depend on signals alone.
      await eventually(() => running === 0, { message: 'all are done' });
    }
    t.pass();
  });

  test(`${kind}: the job of a consumer that vanished is delivered to another`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const options = { lockMs: 600, sweepMs: 300 };
    const gone = await scene.consume(await scene.backend(), ['lab'], {
      ...options,
      stopMs: 0,
      onDelivery: () => new Promise(() => undefined),
    });
    const kept = gate();
    await backend.publisher.publish('lab', deliveries(1));
    await eventually(() => gone.got.length === 1, { message: 'the first delivery' });
    await gone.consumer.stop();
    const { got } = await scene.consume(backend, ['lab'], { ...options, slots: 2, onDelivery: () => kept.opened });
    await eventually(() => got.length === 1, { message: 'the second delivery' });
    // A holder that lives keeps its job for longer than a lock lasts.
    await backend.publisher.publish('lab', deliveries(1));
    await eventually(() => got.length === 2, { message: 'a job of its own' });
    const since = performance.now();
    await eventually(() => got.length > 2 || performance.now() - since > 2_000, { message: 'three locks' });
    t.is(got.length, 2);
    kept.open();
    await eventually(async () => (await backend.publisher.jobIds('lab')).length === 0, { message: 'both are done' });
  });

  test(`${kind}: a job that was put back is withdrawn like any that waits`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const options = { lockMs: 300, sweepMs: 200 };
    const gone = await scene.consume(backend, ['lab'], {
      ...options,
      stopMs: 0,
      onDelivery: () => new Promise(() => undefined),
    });
    const sent = deliveries(1);
    await backend.publisher.publish('lab', sent);
    await eventually(() => gone.got.length === 1, { message: 'the delivery' });
    await gone.consumer.stop();
    const { consumer } = await scene.consume(backend, [], options);
    await consumer.pause();
    await consumer.setQueues(['lab']);
    const ids = sent.map(({ jobId }) => jobId);
    const withdraw = async (): Promise<boolean> => (await backend.publisher.withdraw('lab', ids)).length === 1;
    await eventually(withdraw, { message: 'it is put back and withdrawn' });
    t.deepEqual(await backend.publisher.jobIds('lab'), []);
  });

  test(`${kind}: stop fires the signal, waits for deliveries, and leaves no connection`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const other = await scene.backend();
    let isSettled = false;
    const { consumer, got } = await scene.consume(other, ['lab', 'more'], {
      onDelivery: async (_, signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        isSettled = true;
      },
    });
    await other.bus.subscribe('news', () => undefined);
    await backend.publisher.publish('lab', deliveries(1));
    await eventually(() => got.length === 1, { message: 'the delivery' });
    await Promise.all([other.stop(), other.stop(), consumer.stop()]);
    t.true(isSettled);
    t.deepEqual(await backend.publisher.jobIds('lab'), []);
    await backend.stop();
    await eventually(async () => (await scene.connections()) === 0, {
      message: async () => `${await scene.connections()} connections are left`,
    });
  });

  test(`${kind}: queues that were published to are known until they are obliterated`, async (t) => {
    const scene = await openScene(kind, t);
    const { publisher } = await scene.backend();
    await publisher.publish('lab', deliveries(2));
    await publisher.publish('lab~gpu', deliveries(1));
    t.deepEqual((await publisher.queues()).toSorted(), ['lab', 'lab~gpu']);
    await publisher.obliterate('lab');
    t.deepEqual(await publisher.queues(), ['lab~gpu']);
    t.deepEqual(await publisher.jobIds('lab'), []);
    await publisher.publish('lab', deliveries(1));
    t.is((await publisher.jobIds('lab')).length, 1);
  });

  test(`${kind}: finished jobs are kept in a bounded history`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const { got } = await scene.consume(backend, ['lab'], { slots: 8 });
    await backend.publisher.publish('lab', deliveries(400));
    await eventually(async () => got.length === 400 && (await backend.publisher.jobIds('lab')).length === 0, {
      message: () => `${got.length} of 400`,
    });
    const count = await backend.publisher.bullQueue('lab').getCompletedCount();
    // Postgres trims with each tenth or so, so that 200 without a trim are one case in a billion.
    t.true(count >= 100 && count <= (kind.startsWith('redis') ? 108 : 300), `${count} are kept`);
  });
}
