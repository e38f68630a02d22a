import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import test from 'ava';
import type { WorkerClient } from '@mitosis/client';
import type { AttemptReport, ClaimedTask, TaskDetail } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let fixture: CoordinatorFixture;
let worker: WorkerClient & { readonly registration: { readonly token: string } };

test.before(async () => {
  fixture = await coordinatorFixture(file, 'postgres');
  worker = await connectWorker(fixture, { slots: 64 });
});

async function claimed(count: number): Promise<ClaimedTask[]> {
  const tasks = await Promise.all(Array.from({ length: count }, () => fixture.api.submitTask({ args: ['true'] })));
  return worker.claim(tasks.map(({ uuid: task }) => ({ task, request: randomUUID() })));
}

type Results = { request: string | null; status: string; message?: string }[];

/** Sends what no worker of ours would send, past the check of requests against the description of the API. */
async function post<T>(path: string, body: object): Promise<T> {
  const call = request(`${fixture.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${worker.registration.token}` },
  });
  call.end(JSON.stringify(body));
  const [response] = (await once(call, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return JSON.parse(String(Buffer.concat(chunks))) as T;
}

const send = async (reports: readonly unknown[]): Promise<Results> =>
  (await post<{ results: Results }>('/workers/me/reports', { reports })).results;

const get = ({ task }: ClaimedTask): Promise<TaskDetail> => fixture.api.getTask(task);

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

/** What a report may have that can't be stored as it is, and what becomes of its task. */
const HOSTILE: readonly (readonly [string, object, object])[] = [
  ['half a pair in metrics', { metrics: { rows: [{ k: '\ud83d' }], is_truncated: false } }, { state: 'completed' }],
  ['a NUL in the name of a metric', { metrics: { rows: [{ 'a\0': 1 }], is_truncated: false } }, { state: 'completed' }],
  ['deep metrics', { metrics: { rows: [{ a: nested(70) }], is_truncated: false } }, { state: 'completed' }],
  ['metrics that are not rows', { metrics: { rows: [1], is_truncated: false } }, { state: 'completed' }],
  ['a NUL in a message', { message: 'a\0b' }, { state: 'completed' }],
  ['notes that are not notes', { notes: 7 }, { state: 'completed' }],
  ['a NUL in a new task', { new_tasks: [{ args: ['a\0'] }] }, { state: 'failed', reason: 'invalid_new_task' }],
  ['half a pair in a new task', { new_tasks: [{ args: ['true'], name: '\ud800' }] }, { reason: 'invalid_new_task' }],
  ['deep new tasks', { new_tasks: [nested(70)] }, { state: 'failed', reason: 'invalid_new_task' }],
  ['too many new tasks', { new_tasks: Array(2_000).fill({}) }, { state: 'failed', reason: 'invalid_new_task' }],
  ['an exit code of 33 bits', { exit_code: 2 ** 32 }, { attempts: { 0: { outcome: 'worker_error' } } }],
  ['an outcome that nobody knows', { outcome: 'dreamt' }, { attempts: { 0: { outcome: 'worker_error' } } }],
  ['a counter below 0', { wall_ms: -1 }, { attempts: { 0: { outcome: 'worker_error' } } }],
  ['a field that nobody knows', { '\0': '\ud800' }, { attempts: { 0: { outcome: 'worker_error' } } }],
];

test('one hostile report among good ones ends its own task with a true reason, and no other', async (t) => {
  const tasks = await claimed(2 * HOSTILE.length);
  const reports = tasks.map((task, index) => ({
    ...reportOf(task, 0),
    ...(index % 2 === 1 && HOSTILE[index >> 1]?.[1]),
  }));
  const results = await send(reports);
  t.deepEqual(
    results.map(({ request, status }) => [request, status]),
    reports.map(({ request }) => [request, 'accepted']),
  );
  for (const [index, task] of tasks.entries()) {
    const [title, , expected] = HOSTILE[index >> 1] ?? ['', {}, {}];
    const detail = await get(task);
    if (index % 2 === 0) t.like(detail, { state: 'completed', attempt: 1, attempts: [{ notes: [] }] }, title);
    else t.like(detail, expected, title);
    if (index % 2 === 1 && detail.state === 'completed') t.is(detail.attempts[0]?.notes.length, 1, title);
    if (index % 2 === 1 && detail.attempts[0]?.outcome === 'worker_error')
      t.regex(detail.attempts[0]?.message ?? '', /report of the worker can't be read/, title);
  }
});

test('what is not a report gets an answer of its own, at its place', async (t) => {
  const [one, two] = await claimed(2);
  const [first, second] = [reportOf(one as ClaimedTask, 0), reportOf(two as ClaimedTask, 0)];
  const results = await send([first, null, { request: first.request }, { ...second, task: 'x' }, second, []]);
  t.deepEqual(
    results.map(({ status }) => status),
    ['accepted', 'refused', 'refused', 'refused', 'accepted', 'refused'],
  );
  t.regex(results[3]?.message ?? '', /task: /);
  t.is((await get(two as ClaimedTask)).state, 'completed');
});

test('a report that PostgreSQL refuses fails its own task with the reason, and no other', async (t) => {
  const tasks = await claimed(5);
  const [, , bad] = tasks as [ClaimedTask, ClaimedTask, ClaimedTask];
  await fixture.database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF new.task_id = '${bad.task}' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22003';
      END IF; RETURN new; END $$`);
  await fixture.database.query('CREATE TRIGGER refuse BEFORE INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION refuse()');
  const metrics: AttemptReport['metrics'] = { rows: [{ loss: 1 }], is_truncated: false };
  const results = await worker.report(tasks.map((task) => reportOf(task, 0, { metrics })));
  t.true(results.every(({ status }) => status === 'accepted'));
  const details = await Promise.all(tasks.map(get));
  t.true(details.every(({ state, attempt }) => state === 'completed' && attempt === 1));
  t.deepEqual(
    details.map(({ attempts }) => attempts[0]?.notes.length),
    [0, 0, 1, 0, 0],
  );
});

test('an unreadable claim and a task that can not be handed out do not hold up the others', async (t) => {
  const made = await Promise.all(Array.from({ length: 3 }, () => fixture.api.submitTask({ args: ['true'] })));
  const [good, broken, last] = made.map(({ uuid }) => uuid) as [string, string, string];
  await fixture.database.query(`UPDATE tasks SET spec = spec - 'args' WHERE id = $1`, [broken]);
  const claims = [
    { task: 'no uuid', request: randomUUID() },
    ...[good, broken, last].map((task) => ({ task, request: randomUUID() })),
  ];
  const { claimed: answer } = await post<{ claimed: ClaimedTask[] }>('/workers/me/claims', { claims });
  t.deepEqual(answer.map(({ task }) => task).toSorted(), [good, last].toSorted());
  const [attempt] = (await fixture.database.query('SELECT outcome, message FROM attempts WHERE task_id = $1', [
    broken,
  ])) as {
    outcome: string;
    message: string;
  }[];
  t.is(attempt?.outcome, 'worker_error');
  t.regex(attempt?.message ?? '', /can't hand it out/);
});
