import test from 'ava';
import { eventually, SOON_MS } from '@mitosis/testing';
import { deliveries, openScene, WAYS } from './scene.js';

// One after the other: a crash of the shared Postgres is felt by every test.
for (const kind of WAYS) {
  test.serial(`${kind}: a consumer and a bus continue after the server was killed and started again`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const { got } = await scene.consume(backend, ['lab', 'lab~gpu']);
    const heard: string[] = [];
    await backend.bus.subscribe('news', (message) => heard.push(message));
    for (let round = 1; round <= 3; round++) {
      await scene.crash();
      await eventually(
        async () => {
          await backend.ping();
          return true;
        },
        { timeoutMs: 20_000, message: 'the server is back' },
      );
      const sent = deliveries(5);
      const ids = new Set(sent.map(({ jobId }) => jobId));
      await publishAgain(async () => void (await backend.publisher.publish('lab~gpu', sent)));
      const seen = (): number => got.filter(({ jobId }) => ids.has(jobId)).length;
      await eventually(() => seen() >= 5, { message: () => `${seen()} of 5 in round ${round}` });
      await eventually(
        async () => {
          await backend.bus.publish('news', `round ${round}`);
          return heard.includes(`round ${round}`);
        },
        { message: `the bus in round ${round}` },
      );
    }
    t.pass();
  });

  test.serial(
    `${kind}: a server that is away at the start is waited for, without a storm of connections`,
    async (t) => {
      const scene = await openScene(kind, t);
      const direct = await scene.backend();
      const { proxy, config } = await scene.proxied();
      proxy.set({ kind: 'reset' });
      const backend = await scene.backend({ ...config });
      const { got } = await scene.consume(backend, ['lab']);
      await t.throwsAsync(backend.ping(), { code: 'queue_unavailable' });
      await t.throwsAsync(backend.publisher.publish('lab', deliveries(1)), { code: 'queue_unavailable' });
      const since = performance.now();
      await eventually(() => performance.now() - since > 2_500, { message: 'time for a storm' });
      t.true(proxy.accepted < 100, `${proxy.accepted} connections`);
      await direct.publisher.publish('lab', deliveries(3));
      proxy.set({ kind: 'pass' });
      await eventually(() => got.length === 3, { message: () => `${got.length} of 3` });
    },
  );

  test.serial(`${kind}: stop returns soon whatever state the connections are in`, async (t) => {
    const scene = await openScene(kind, t);
    for (const mode of ['pass', 'reset', 'half-open', 'reset', 'reset'] as const) {
      const { proxy, config } = await scene.proxied();
      const backend = await scene.backend({ ...config });
      if (mode !== 'pass') await backend.ping().then(() => scene.backend());
      const { consumer } = await scene.consume(backend, ['lab'], { stopMs: 1_000 });
      await backend.bus.subscribe('news', () => undefined);
      proxy.set({ kind: mode });
      // A call under way when the connections go, settled or not.
      const call = backend.publisher.publish('lab', deliveries(1)).catch(() => undefined);
      const pings = Array.from({ length: 5 }, () => backend.ping().catch(() => undefined));
      const since = performance.now();
      await consumer.stop();
      await backend.stop();
      // A query under way is given its 15 s.
      t.true(performance.now() - since < 15_000 + SOON_MS, `${mode}: ${performance.now() - since} ms`);
      await Promise.all([call, ...pings]);
      await eventually(() => mode === 'half-open' || proxy.open === 0, {
        message: () => `${proxy.open} open (${mode})`,
      });
    }
  });

  test.serial(`${kind}: a half-open connection is noticed, and what was missed is fetched`, async (t) => {
    t.timeout(90_000);
    const scene = await openScene(kind, t);
    const direct = await scene.backend();
    const { proxy, config } = await scene.proxied();
    const { got } = await scene.consume(await scene.backend({ ...config }), ['lab', 'other']);
    await direct.publisher.publish('lab', deliveries(1));
    await eventually(() => got.length === 1, { message: 'the first delivery' });
    proxy.set({ kind: 'half-open' });
    const before = proxy.accepted;
    await direct.publisher.publish('lab', deliveries(1));
    await eventually(() => proxy.accepted > before, { timeoutMs: 30_000, message: 'the consumer connects again' });
    proxy.set({ kind: 'pass' });
    await eventually(() => got.length === 2, { timeoutMs: 20_000, message: 'the delivery that was missed' });
    t.true(proxy.injected > 0);
  });

  test.serial(`${kind}: 200 jobs arrive although every connection is reset 15 times`, async (t) => {
    const scene = await openScene(kind, t);
    const direct = await scene.backend();
    const { proxy, config } = await scene.proxied();
    const { got } = await scene.consume(await scene.backend({ ...config }), ['lab', 'other'], {
      lockMs: 1_000,
      sweepMs: 500,
    });
    const ids = new Set<string>();
    for (let round = 0; round < 15; round++) {
      const sent = deliveries(20);
      for (const { jobId } of sent) ids.add(jobId);
      await direct.publisher.publish(round % 2 === 0 ? 'lab' : 'other', sent);
      const reset = proxy.injected;
      await eventually(() => proxy.cut() === undefined && proxy.injected > reset, { message: 'a reset connection' });
    }
    const seen = (): Set<string> => new Set(got.map(({ jobId }) => jobId));
    await eventually(() => seen().size === ids.size, {
      timeoutMs: 30_000,
      message: () => `${seen().size} of ${ids.size}`,
    });
    t.true(proxy.injected >= 15, `${proxy.injected} connections were reset`);
  });
}

/** The first call after a restart may meet a connection that is already broken. */
async function publishAgain(publish: () => Promise<void>): Promise<void> {
  await eventually(() => publish().then(() => true), { message: 'the publication' });
}
