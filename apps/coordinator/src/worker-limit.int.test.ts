import test from 'ava';
import { fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);

test('max_nodes limits the workers, also of many at once; one that left or was lost makes room', async (t) => {
  const coordinator = await coordinatorFixture(file, 'postgres', { max_nodes: 2 });
  const tried = await Promise.allSettled(Array.from({ length: 6 }, () => connectWorker(coordinator)));
  const [first, second] = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  t.deepEqual(tried.map(({ status }) => status).sort(), [
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
    'rejected',
  ]);
  await t.throwsAsync(connectWorker(coordinator), {
    code: 'too_many_workers',
    message: /no more than 2 workers .*max_nodes/,
  });
  await first?.unregister();
  await t.notThrowsAsync(connectWorker(coordinator));
  await t.throwsAsync(connectWorker(coordinator), { code: 'too_many_workers' });
  await coordinator.database.query(`UPDATE workers SET last_seen_at = now() - interval '16 seconds' WHERE id = $1`, [
    second?.registration.uuid,
  ]);
  await t.notThrowsAsync(connectWorker(coordinator));
});
