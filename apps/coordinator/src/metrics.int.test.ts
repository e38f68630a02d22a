import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import { eventually, fileScope, prometheusSamples } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
});

type Samples = Awaited<ReturnType<typeof prometheusSamples>>;

async function scrape({ url, token }: CoordinatorFixture = coordinator): Promise<Samples> {
  const response = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`);
  return prometheusSamples(await response.text());
}

function valueOf(samples: Samples, name: string, labels: Record<string, string> = {}): number {
  const isMatch = (found: Record<string, string>): boolean =>
    Object.entries(labels).every(([key, value]) => found[key] === value);
  return samples
    .filter((sample) => sample.name === name && isMatch(sample.labels))
    .reduce((sum, { value }) => sum + value, 0);
}

test.serial('the figures of /metrics are those of the database', async (t) => {
  const { api, database } = coordinator;
  const worker = await connectWorker(coordinator, { slots: 4 });
  const uuids = (
    await api.submitTasks(Array.from({ length: 7 }, () => ({ args: ['true'], retries: 1, retry_delay_ms: 3_600_000 })))
  ).map(({ uuid }) => uuid);
  const claimed = await worker.claim(
    uuids.slice(0, 5).map((task, index) => ({ task, request: `0191f1f0-0000-7000-8000-00000000000${index}` })),
  );
  await worker.report([
    ...claimed.slice(0, 3).map((claim) => reportOf(claim, 0)),
    ...claimed.slice(3, 4).map((claim) => reportOf(claim, 1)),
  ]);
  const late = claimed.slice(0, 1).map((claim) => reportOf(claim, 0));
  await worker.report(late);

  const samples = await eventually(
    async () => {
      const found = await scrape();
      return valueOf(found, 'mitosis_tasks', { state: 'completed' }) === 3 ? found : undefined;
    },
    { message: 'the figures did not follow the database' },
  );
  const states = (await database.query('SELECT state, count(*)::int AS count FROM tasks GROUP BY state')) as {
    state: string;
    count: number;
  }[];
  for (const { state, count } of states) t.is(valueOf(samples, 'mitosis_tasks', { state }), count, state);
  t.is(valueOf(samples, 'mitosis_tasks'), uuids.length);
  const outcomes = (await database.query(
    'SELECT outcome, count(*)::int AS count FROM attempts WHERE ended_at IS NOT NULL GROUP BY outcome',
  )) as { outcome: string; count: number }[];
  for (const { outcome, count } of outcomes)
    t.is(valueOf(samples, 'mitosis_attempts_ended_total', { outcome }), count, outcome);
  t.is(valueOf(samples, 'mitosis_attempts_ended_total'), 4);
  t.is(valueOf(samples, 'mitosis_tasks_submitted_total'), uuids.length);
  t.is(valueOf(samples, 'mitosis_claims_total', { result: 'opened' }), 5);
  t.is(valueOf(samples, 'mitosis_reports_total', { status: 'stale' }), 1);
  t.is(valueOf(samples, 'mitosis_tasks_requeued_total'), 1, 'the failed one is tried again');
  t.is(valueOf(samples, 'mitosis_queue_wait_seconds_count'), 5);
  const [{ wall }] = (await database.query('SELECT sum(wall_ms)::float8 / 1000 AS wall FROM attempts')) as [
    { wall: number },
  ];
  t.true(Math.abs(valueOf(samples, 'mitosis_run_seconds_sum') - wall) < 1e-9);
  t.is(valueOf(samples, 'mitosis_worker_slots'), 4);
  t.is(valueOf(samples, 'mitosis_worker_running'), 1);
  t.is(valueOf(samples, 'mitosis_workers', { health: 'ok' }), 1);
  t.is(valueOf(samples, 'mitosis_http_request_seconds_count', { route: '/workers/me/claims', status: '200' }), 1);
  t.true(valueOf(samples, 'process_resident_memory_bytes') > 0);
  t.true(samples.some(({ name }) => name === 'nodejs_eventloop_lag_seconds'));
});

test.serial('a task is counted when it is stored, whoever asked for it, and not when nothing is stored', async (t) => {
  const own = await coordinatorFixture(t, 'postgres');
  const { api, database } = own;
  const submitted = async () => valueOf(await scrape(own), 'mitosis_tasks_submitted_total');
  const stored = async () =>
    ((await database.query('SELECT count(*)::int AS count FROM tasks')) as [{ count: number }])[0].count;
  const worker = await connectWorker(own, { slots: 4 });
  const [single] = await api.submitTasks([{ args: ['true'] }]);
  const job = await api.jobs.submit({
    name: 'job',
    tasks: [{ args: ['true'] }, { args: ['false'] }, { args: ['true'] }],
  } as never);
  t.is(await submitted(), 4);
  const [claim] = await worker.claim([{ task: single?.uuid ?? '', request: randomUUID() }]);
  if (!claim) throw new Error('the claim was refused');
  await worker.report([reportOf(claim, 0, { new_tasks: [{ args: ['true'] }, { args: ['true'] }] as never })]);
  t.is(await submitted(), 6, 'from inside a task');
  await t.throwsAsync(api.submitTasks([{ args: ['true'] }, { args: ['true'], group: 'nowhere' }]));
  await api.jobs.cancel(job.uuid);
  await api.jobs.retryFailed(job.uuid);
  t.is(await submitted(), 9, 'handed in again');
  t.is(await stored(), 9);
});

test.serial('the summary says the same, and what is lately done per second', async (t) => {
  const { api } = coordinator;
  await api.metrics();
  const summary = await eventually(
    async () => {
      const found = await api.metrics();
      return found.finished_per_s === null ? undefined : found;
    },
    // A figure that is slow to read is cached for twenty times as long as the read took: on a loaded machine that is
    // half a minute.
    { message: 'there was no rate', timeoutMs: 90_000 },
  );
  t.is(
    Object.values(summary.tasks).reduce((sum, count) => sum + count, 0),
    7,
  );
  t.like(summary.workers[0], { hostname: 'test', health: 'ok', wanted: 'run', slots: 4, running: 1 });
});

test.serial('the metrics are for site administrators and for the token of the scraper', async (t) => {
  const status = async (token?: string) =>
    (
      await fetch(`${coordinator.url}/metrics`, {
        headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      })
    ).status;
  t.is(await status(), 401);
  t.is(await status('nonsense-nonsense-nonsense'), 401);
  t.is(await status(coordinator.scrapeToken), 200);
  await coordinator.database.query(
    `INSERT INTO users (id, username, password_hash) SELECT gen_random_uuid(), 'eve', password_hash FROM users
      WHERE is_admin`,
  );
  const { token } = await new MitosisClient({ url: coordinator.url }).login('eve', coordinator.password);
  t.is(await status(token), 403);
});

test.serial('an answer says which request it belongs to', async (t) => {
  const get = (headers: Record<string, string>) => fetch(`${coordinator.url}/health`, { headers });
  t.is((await get({ 'X-Request-Id': 'from-the-caller' })).headers.get('x-request-id'), 'from-the-caller');
  t.regex((await get({ 'X-Request-Id': 'a b\tc' })).headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
});

/** Of both kinds of process: the worker's are those that its own sources name. */
async function metricNames(): Promise<Set<string>> {
  const response = await fetch(`${coordinator.url}/metrics`, {
    headers: { Authorization: `Bearer ${coordinator.token}` },
  });
  const source = await readFile(new URL('../../../libs/worker/src/worker-metrics.ts', import.meta.url), 'utf8');
  const named = [...(await response.text()).matchAll(/^# TYPE (\w+)/gm), ...source.matchAll(/'(mitosis_worker_\w+)'/g)];
  const names = named.flatMap(([, name]) => (name === undefined ? [] : [name]));
  return new Set(names.flatMap((name) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]));
}

test.serial('dashboard and alerts ask for metrics that exist', async (t) => {
  const known = await metricNames();
  for (const path of ['grafana/mitosis.json', 'prometheus/alerts.yml']) {
    const text = await readFile(new URL(`../../../deploy/${path}`, import.meta.url), 'utf8');
    const asked = new Set([...text.matchAll(/\b(?:mitosis|nodejs|process)_[a-z_]+\b/g)].map(([name]) => name));
    t.true(asked.size >= 5, path);
    for (const name of asked) t.true(known.has(name), `${path} asks for ${name}`);
  }
});
