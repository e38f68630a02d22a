import test from 'ava';
import { eventually } from '@mitosis/testing';
import type { Delivery } from '../delivery.js';
import { deliveries, KINDS, openScene, query } from './scene.js';

/** A delivery that no queue takes: its id is not that of its task. */
const odd = (): Delivery[] => deliveries(1, { jobId: 'odd-1' });

for (const kind of KINDS) {
  test(`${kind}: a delivery that is refused holds up no other, and is named with its reason`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const { got } = await scene.consume(backend, ['lab']);
    const [bad, good] = [odd(), deliveries(600)];
    const refused = await backend.publisher.publish('lab', [...good.slice(0, 300), ...bad, ...good.slice(300)]);
    t.deepEqual(
      refused.map(({ delivery }) => delivery),
      bad,
    );
    t.regex(refused[0]?.reason ?? '', /"odd-1" is not/);
    await eventually(() => got.length === 600, { timeoutMs: 30_000, message: () => `${got.length} of 600` });
  });

  test(`${kind}: a name that no server stores is delivered in the form that it can store`, async (t) => {
    const scene = await openScene(kind, t);
    const backend = await scene.backend();
    const { got } = await scene.consume(backend, ['lab']);
    const names = ['a\ud83d', '\0b', `${'x'.repeat(199)}😀`];
    t.deepEqual(
      await backend.publisher.publish(
        'lab',
        names.flatMap((name) => deliveries(1, { name })),
      ),
      [],
    );
    await eventually(() => got.length === 3, { message: () => `${got.length} of 3` });
    t.deepEqual(got.map(({ name }) => name).toSorted(), ['a\ufffd', 'x'.repeat(199), '\ufffdb'].toSorted());
  });

  test(`${kind}: a lone refused delivery is judged when the server has taken another one`, async (t) => {
    const scene = await openScene(kind, t);
    const { publisher } = await scene.backend();
    const bad = odd();
    await t.throwsAsync(publisher.publish('lab', bad), { code: 'queue_refuses' });
    await t.throwsAsync(publisher.publish('lab', bad), { code: 'queue_refuses' }, 'nothing was taken since');
    t.deepEqual(await publisher.publish('lab', deliveries(1)), []);
    t.is((await publisher.publish('lab', bad)).length, 1);
  });
}

test('postgres: a row that the server refuses is set aside, unless the server refuses all rows', async (t) => {
  const scene = await openScene('postgres', t);
  const { publisher } = await scene.backend();
  const { databaseUrl } = scene.config as { databaseUrl: string };
  await query(
    databaseUrl,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'unsupported Unicode escape sequence' USING ERRCODE = '22P05'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON bullmq.job FOR EACH ROW
     WHEN (NEW.priority = 994) EXECUTE FUNCTION refuse()`,
  );
  const [bad, good] = [deliveries(2, { priority: 7 }), deliveries(20)];
  const refused = await publisher.publish('lab', [...bad, ...good]);
  t.deepEqual(
    refused.map(({ delivery, reason }) => [delivery.jobId, reason]),
    bad.map(({ jobId }) => [jobId, 'unsupported Unicode escape sequence']),
  );
  t.deepEqual((await publisher.jobIds('lab')).toSorted(), good.map(({ jobId }) => jobId).toSorted());
  await query(
    databaseUrl,
    'CREATE TRIGGER refuse_all BEFORE INSERT ON bullmq.job FOR EACH ROW EXECUTE FUNCTION refuse()',
  );
  await t.throwsAsync(publisher.publish('lab', deliveries(20)), { code: 'queue_refuses', message: /unsupported/ });
});
