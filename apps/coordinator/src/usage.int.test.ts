import test from 'ava';
import { fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { claim } from './testing/handed-over.js';

const file = fileScope(test);
let c: CoordinatorFixture;

test.before(async () => {
  c = await coordinatorFixture(file, 'postgres');
});

interface Ran {
  readonly hours: number;
  readonly cpus?: number;
  readonly gpus?: number;
  readonly isLost?: boolean;
  readonly peak?: number;
}

/** Runs a task; its attempt is then stored as if it had taken that long, with these things of the machine. */
async function ran(task: string, { hours, cpus, gpus = 0, isLost = false, peak = 1_000_000 }: Ran): Promise<void> {
  const claimed = await claim(c, task);
  const figures = {
    wall_ms: hours * 3_600_000,
    user_cpu_ms: hours * 3_600_000,
    system_cpu_ms: 0,
    peak_rss_bytes: peak,
  };
  await (await connectWorker(c)).report([reportOf(claimed, 0, figures)]);
  const assigned =
    cpus === undefined
      ? null
      : { cpus, mem_bytes: 8_000_000_000, gpus: gpus > 0 ? [{ thousandths: gpus * 1000 }] : [] };
  await c.database.query(
    `UPDATE attempts SET started_at = ended_at - $2 * interval '1 hour', assigned = $3,
       outcome = CASE WHEN $4 THEN 'lost' ELSE outcome END
     WHERE task_id = $1`,
    [task, hours, assigned, isLost],
  );
}

test.serial('usage counts cores, GPUs, time and waiting, and lost attempts apart', async (t) => {
  const job = await c.api.jobs.submit({ tasks: Array.from({ length: 3 }, () => ({ args: ['true'] })) });
  const [first, second, third] = job.tasks as [string, string, string];
  await ran(first, { hours: 2, cpus: 4, gpus: 0.5 });
  await ran(second, { hours: 1 });
  await ran(third, { hours: 3, cpus: 2, isLost: true });
  await c.database.query(
    `UPDATE tasks SET created_at = a.started_at - interval '30 minutes' FROM attempts a WHERE a.task_id = tasks.id`,
  );
  const { rows, is_complete: isComplete } = await c.api.usage.table({ by: 'user,job' });
  t.true(isComplete);
  const row = rows.find((one) => one.job === job.uuid);
  t.like(row, { user: 'mitosis_admin', group: null, job: job.uuid, attempts: 2 });
  const close = (found: number | undefined, wanted: number): void => {
    t.true(Math.abs((found ?? 0) - wanted) < 0.001, `${found}`);
  };
  close(row?.core_hours, 9);
  close(row?.gpu_hours, 1);
  close(row?.wall_hours, 3);
  close(row?.cpu_hours, 3);
  close(row?.waiting_hours, 1.5);
  t.is(row?.lost.attempts, 1);
  close(row?.lost.core_hours, 6);
});

test.serial('usage counts what started in the time that is asked for', async (t) => {
  const { uuid } = await c.api.submitTask({ args: ['true'] });
  await ran(uuid, { hours: 24 * 40 });
  const attempts = async (since: string): Promise<number> =>
    (await c.api.usage.table({ by: 'group', since })).rows.reduce((sum, row) => sum + row.attempts, 0);
  const [recent, all] = [
    await attempts(new Date(Date.now() - 30 * 86_400_000).toISOString()),
    await attempts('2000-01-01T00:00:00Z'),
  ];
  t.is(all, recent + 1);
});

test('a wrong question is refused, and the field is named', async (t) => {
  for (const [filter, field] of [
    [{ by: 'planet' }, 'by'],
    [{ since: 'yesterday' }, 'since'],
    [{ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, 'until'],
  ] as const)
    t.regex(
      (await t.throwsAsync(c.api.usage.table(filter), { code: 'invalid_request' }))?.message ?? '',
      new RegExp(field),
    );
  await t.throwsAsync(c.api.usage.table({ group: 'nobody-has-it' }), { code: 'group_not_found' });
});

test.serial('the efficiency of a job says what to ask for next time', async (t) => {
  const job = await c.api.jobs.submit({
    tasks: Array.from({ length: 3 }, () => ({ args: ['true'], timeout_ms: 36_000_000 })),
  });
  const [first, second, third] = job.tasks as [string, string, string];
  await ran(first, { hours: 1, cpus: 4, peak: 2 ** 30 });
  await ran(second, { hours: 2, cpus: 4, peak: 2 ** 31 });
  await ran(third, { hours: 0, cpus: 4, peak: 2 ** 35 });
  const found = await c.api.usage.ofJob(job.uuid);
  t.like(found, { measured: 3, evidence: 2, cpus: { asked: 4, used_mean: 1, used_max: 1 }, out_of_memory: 0 });
  t.is(found.mem.peak_max_bytes, 2 ** 31, 'an attempt of no time shows nothing');
  t.deepEqual(found.suggestion, ['--cpus', '1', '--mem', '2.4GiB', '--timeout', '3h']);
});
