import { randomUUID } from 'node:crypto';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import type { CreateScheduleInput, ScheduleView } from '@mitosis/protocol';
import { eventually, fileScope } from '@mitosis/testing';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
  await coordinator.startReplica();
});

const JOBS = [{ key: 'a', tasks: [{ args: ['true'] }] }];

async function create(more: Partial<CreateScheduleInput> = {}): Promise<ScheduleView> {
  const name = `s${randomUUID()}`;
  return coordinator.api.schedules.create({ name, cron: '0 0 1 1 *', jobs: JOBS, ...more });
}

/** Moves the next time of a schedule, as if the clock had moved the other way. */
async function dueAgo(uuid: string, interval: string): Promise<void> {
  await coordinator.database.query(`UPDATE schedules SET next_at = clock_timestamp() - $2::interval WHERE id = $1`, [
    uuid,
    interval,
  ]);
}

/** The schedule once it has `count` runs, oldest first. */
async function runsOf(uuid: string, count: number): Promise<ScheduleView['runs']> {
  const found = await eventually(
    async () => {
      const { runs } = await coordinator.api.schedules.get(uuid);
      return runs.length >= count ? runs : undefined;
    },
    { message: `${count} runs of the schedule` },
  );
  return found.toReversed();
}

test('a schedule shows its next five times, and submits its jobs, those after others waiting for them', async (t) => {
  const jobs = [...JOBS, { key: 'b', tasks: [{ args: ['true'] }], after: [{ key: 'a' }] }];
  const schedule = await create({ cron: '30 2 * * *', time_zone: 'Europe/Berlin', jobs });
  t.is(schedule.next.length, 5);
  await dueAgo(schedule.uuid, '1 second');
  const [run] = await runsOf(schedule.uuid, 1);
  t.is(run?.outcome, 'ran');
  const states = await Promise.all((run?.jobs ?? []).map(async (job) => (await coordinator.api.jobs.get(job)).counts));
  t.deepEqual([states[0]?.pending, states[1]?.pending], [0, 1]);
  t.true((await coordinator.api.schedules.get(schedule.uuid)).next.every((at) => Date.parse(at) > Date.now()));
});

test('each time runs once with two coordinators', async (t) => {
  const schedules = await Promise.all(Array.from({ length: 20 }, () => create({ overlap: 'queue' })));
  for (let round = 1; round <= 3; round += 1) {
    await Promise.all(schedules.map(({ uuid }) => dueAgo(uuid, '10 milliseconds')));
    for (const { uuid } of schedules) await runsOf(uuid, round);
  }
  const [{ runs, jobs }] = (await coordinator.database.query(
    `SELECT (SELECT count(*)::int FROM schedule_runs WHERE schedule_id = ANY ($1) AND outcome = 'ran') AS runs,
       (SELECT count(*)::int FROM jobs WHERE id IN (SELECT unnest(jobs) FROM schedule_runs
       WHERE schedule_id = ANY ($1))) AS jobs`,
    [schedules.map(({ uuid }) => uuid)],
  )) as [{ runs: number; jobs: number }];
  t.deepEqual({ runs, jobs }, { runs: 60, jobs: 60 });
});

test('a run that has not ended is skipped, queued behind or replaced, as the schedule says', async (t) => {
  for (const overlap of ['skip', 'queue', 'replace'] as const) {
    const { uuid } = await create({ overlap });
    await dueAgo(uuid, '2 seconds');
    const [first] = await runsOf(uuid, 1);
    await dueAgo(uuid, '1 second');
    const [, second] = await runsOf(uuid, 2);
    const job = first?.jobs[0] ?? '';
    if (overlap === 'skip') t.like(second, { outcome: 'skipped', reason: 'the run before it has not ended' });
    else t.is(second?.outcome, 'ran', overlap);
    if (overlap === 'queue') t.is((await coordinator.api.jobs.get(second?.jobs[0] ?? '')).counts.pending, 1);
    if (overlap === 'replace')
      await eventually(async () => (await coordinator.api.jobs.get(job)).state === 'cancelled', {
        message: 'the earlier run to be cancelled',
      });
  }
});

test('what was missed is made up for as the schedule says, and what is left out is listed', async (t) => {
  const missed = async (more: Partial<CreateScheduleInput>, ago: string) => {
    const { uuid } = await create({ cron: '* * * * *', overlap: 'queue', ...more });
    await dueAgo(uuid, ago);
    await eventually(async () => (await coordinator.api.schedules.get(uuid)).runs.length > 0, { message: 'a run' });
    const rows = (await coordinator.database.query(
      'SELECT outcome, reason FROM schedule_runs WHERE schedule_id = $1 ORDER BY due_at',
      [uuid],
    )) as { outcome: string; reason: string | null }[];
    return { rows, ran: rows.filter(({ outcome }) => outcome === 'ran').length };
  };
  const last = await missed({ catch_up: 'last' }, '5 minutes');
  t.is(last.ran, 1);
  t.true(last.rows.length >= 5);
  t.regex(last.rows[0]?.reason ?? '', /a later time was missed/);
  t.true((await missed({ catch_up: 'all' }, '5 minutes')).ran >= 5);
  const many = await missed({ catch_up: 'all' }, '3 hours');
  t.is(many.ran, 100);
  t.regex(many.rows[0]?.reason ?? '', /more than 100 times were missed/);
  t.true((await missed({ catch_up: 'none' }, '5 minutes')).ran <= 1);
  t.is((await missed({ catch_up: 'last' }, '400 days')).ran, 1);
});

test('after resume the next time counts; run-now submits whatever the state is', async (t) => {
  const { api } = coordinator;
  const { uuid } = await create();
  t.is((await api.schedules.steer(uuid, 'pause')).state, 'paused');
  t.is((await api.schedules.steer(uuid, 'run-now')).runs[0]?.jobs.length, 1);
  const resumed = await api.schedules.steer(uuid, 'resume');
  t.is(resumed.state, 'active');
  t.true(Date.parse(resumed.next[0] ?? '') > Date.now());
  t.is(resumed.runs.length, 1);
  await api.schedules.delete(uuid);
  await t.throwsAsync(api.schedules.get(uuid), { code: 'schedule_not_found' });
});

test('a schedule that can not continue stops itself and says why; the others run', async (t) => {
  const [broken, good] = [await create(), await create()];
  await coordinator.database.query(`UPDATE schedules SET time_zone = 'Mars/Phobos' WHERE id = $1`, [broken.uuid]);
  await Promise.all([broken, good].map(({ uuid }) => dueAgo(uuid, '1 second')));
  await runsOf(good.uuid, 1);
  const stopped = await eventually(
    async () => {
      const view = await coordinator.api.schedules.get(broken.uuid);
      return view.state === 'stopped' ? view : undefined;
    },
    { message: 'the schedule to be stopped' },
  );
  t.regex(stopped.message ?? '', /no time zone "Mars\/Phobos"/);
});

test('what the schedule of somebody stores or asks for does not hold up the others', async (t) => {
  const { api, database } = coordinator;
  const tasks = await api.submitTasks(Array.from({ length: 1_000 }, () => ({ args: ['true'] })));
  const waits = { args: ['true'], after: tasks.map(({ uuid }) => ({ task: uuid })) };
  const full = await create({ jobs: [...JOBS, { key: 'b', tasks: [waits], after: [{ key: 'a' }] }] });
  const [unreadable, impossible, good] = [await create(), await create(), await create()];
  await database.query(`UPDATE schedules SET jobs = jsonb_set(jobs, '{0,tasks,0,args}', '[]') WHERE id = $1`, [
    unreadable.uuid,
  ]);
  await database.query(`UPDATE schedules SET jobs = '7' WHERE id = $1`, [impossible.uuid]);
  for (const { uuid } of [full, unreadable, impossible]) await dueAgo(uuid, '2 seconds');
  await dueAgo(good.uuid, '1 second');
  t.is((await runsOf(good.uuid, 1))[0]?.outcome, 'ran');
  t.is((await runsOf(full.uuid, 1))[0]?.outcome, 'ran');
  for (const { uuid } of [unreadable, impossible]) {
    const stopped = await eventually(
      async () => {
        const view = await api.schedules.get(uuid);
        return view.state === 'stopped' ? view : undefined;
      },
      { message: 'the schedule to be stopped' },
    );
    t.regex(stopped.message ?? '', uuid === unreadable.uuid ? /a\.0\.args: / : /could not be submitted/);
  }
});

test('of the times of a schedule the newest thousand are remembered', async (t) => {
  const { uuid } = await create({ overlap: 'queue' });
  await coordinator.database.query(
    `INSERT INTO schedule_runs (schedule_id, due_at, outcome)
     SELECT $1, clock_timestamp() - n * interval '1 minute', 'skipped' FROM generate_series(1, 1500) n`,
    [uuid],
  );
  await dueAgo(uuid, '1 second');
  const [{ count, ran }] = await eventually(
    async () => {
      const rows = (await coordinator.database.query(
        `SELECT count(*)::int, count(*) FILTER (WHERE outcome = 'ran')::int AS ran FROM schedule_runs
          WHERE schedule_id = $1`,
        [uuid],
      )) as [{ count: number; ran: number }];
      return rows[0].ran > 0 ? rows : undefined;
    },
    { message: 'the schedule to run' },
  );
  t.deepEqual({ count, ran }, { count: 1_000, ran: 1 });
});

test('many who create schedules at once do not wait for each other without end', async (t) => {
  const { api, url } = coordinator;
  const names = ['one', 'two', 'three', 'four'].map((name) => `${name}-${randomUUID().slice(0, 8)}`);
  const users = await Promise.all(
    names.map(async (username) => {
      const password = randomUUID();
      await api.access.createUser({ username, password });
      const { token } = await new MitosisClient({ url }).login(username, password);
      return new MitosisClient({ url, token, retryMs: 0 });
    }),
  );
  await t.notThrowsAsync(
    Promise.all(
      users.flatMap((user) =>
        Array.from({ length: 6 }, () =>
          user.schedules.create({ name: `s${randomUUID()}`, cron: '0 0 1 1 *', jobs: JOBS }),
        ),
      ),
    ),
  );
});

test('what can not be is refused at creation', async (t) => {
  await t.throwsAsync(create({ cron: '0 0 31 4 *' }), { message: /never comes true/ });
  await t.throwsAsync(create({ cron: '61 * * * *' }), { message: /cron: "61" is not a valid minute/ });
  await t.throwsAsync(create({ time_zone: 'Mars/Phobos' }), { message: /no time zone/ });
  await t.throwsAsync(create({ catch_up: 'all' }), { message: /contradicts overlap "skip"/ });
  await t.throwsAsync(create({ group: 'nobody' }), { code: 'group_not_found' });
  const { name } = await create();
  await t.throwsAsync(create({ name }), { code: 'schedule_exists' });
  const after = [{ key: 'z' }];
  await t.throwsAsync(create({ jobs: [{ ...JOBS[0], key: 'a', tasks: [{ args: ['true'] }], after }] }), {
    message: /no job before it has the key "z"/,
  });
});
