import { randomUUID } from 'node:crypto';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import { encodeFrame, type OutputMatch, type OutputMatches, type OutputStream } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

// Nothing renews the leases of these workers.
const { onEachBackend } = eachBackend(test, { lease: '5m' });

const frames = (...pieces: [OutputStream, string][]): string =>
  Buffer.concat(pieces.map(([stream, text]) => encodeFrame(stream, Buffer.from(text)))).toString('base64');

/** A job whose tasks have ended, each with its output; `null` stays open. */
async function jobWith(c: CoordinatorFixture, outputs: readonly (string | null)[]) {
  const { uuid: job, tasks } = await c.api.jobs.submit({
    tasks: outputs.map((_, index) => ({ args: ['work', String(index)], name: `work ${index}` })),
  });
  const worker = await connectWorker(c, { slots: outputs.length });
  const claimed = await worker.claim(tasks.map((task) => ({ task, request: randomUUID() })));
  const reports = claimed.flatMap((claim) => {
    const frames_base64 = outputs[tasks.indexOf(claim.task)];
    if (typeof frames_base64 !== 'string') return [];
    return [reportOf(claim, 1, { output: { stored: 'inline', frames_base64 } })];
  });
  await worker.report(reports);
  return { job, tasks, worker };
}

interface Search {
  readonly [name: string]: unknown;
  readonly pattern: string;
}

async function searchAll({ api }: { readonly api: MitosisClient }, search: Search) {
  const matches: OutputMatch[] = [];
  const unread: OutputMatches['unread'] = [];
  for await (const part of api.searchOutput(search)) {
    matches.push(...part.matches);
    unread.push(...part.unread);
  }
  return { matches, unread };
}

const shown = (matches: readonly OutputMatch[]): string[] =>
  matches.map(({ job_index: index, line, stream, text }) => `${index} ${line} ${stream} ${text}`);

const LOG = frames(['stdout', 'epoch 1\nloss=0.5\n'], ['stderr', 'CUDA out of memory\n'], ['stdout', 'loss=nan']);

onEachBackend('lines of a job are found by task, place and stream, page by page', async (t, c) => {
  const { job, tasks } = await jobWith(c, [LOG, frames(['stdout', 'nothing\n']), LOG]);
  const whole = ['2 1 stdout loss=0.5', '2 3 stdout loss=nan', '0 1 stdout loss=0.5', '0 3 stdout loss=nan'];
  const { matches } = await searchAll(c, { job, pattern: '^loss=' });
  t.deepEqual(shown(matches), whole);
  t.like(matches[0], {
    task: tasks[2],
    name: 'work 2',
    job,
    attempt: 1,
    host: 'test',
    at: 0,
    length: 5,
    is_cut: false,
  });
  for (const limit of [1, 2, 3])
    t.deepEqual(shown((await searchAll(c, { job, pattern: '^loss=', limit })).matches), whole, `${limit} at a time`);
  t.deepEqual(shown((await searchAll(c, { job, pattern: 'cuda', ignore_case: true, stream: ['stderr'] })).matches), [
    '2 2 stderr CUDA out of memory',
    '0 2 stderr CUDA out of memory',
  ]);
  const first = await searchAll(c, { job, pattern: 'loss', per_attempt: 1, limit: 1 });
  t.deepEqual(shown(first.matches), ['2 1 stdout loss=0.5', '0 1 stdout loss=0.5']);
  const named = await searchAll(c, { job, name: 'work 0', pattern: '=0.', syntax: 'text' });
  t.deepEqual(shown(named.matches), ['0 1 stdout loss=0.5']);
});

onEachBackend('more tasks than are looked up at a time are searched, each once', async (t, c) => {
  const { job } = await jobWith(
    c,
    Array.from({ length: 120 }, (_, index) => frames(['stdout', `line of ${index}\n`])),
  );
  const { matches } = await searchAll(c, { job, pattern: 'line of', limit: 50 });
  t.deepEqual(
    matches.map(({ text }) => text),
    Array.from({ length: 120 }, (_, index) => `line of ${119 - index}`),
  );
});

onEachBackend('an earlier attempt is searched when it is asked for', async (t, c) => {
  const { uuid } = await c.api.submitTask({
    args: ['work'],
    retries: 1,
    retry_delay_ms: 20,
    name: `retried ${randomUUID()}`,
  });
  const worker = await connectWorker(c);
  for (const text of ['first try\n', 'second try\n']) {
    await eventually(async () => (await c.api.getTask(uuid)).state === 'ready', { message: 'the task to be ready' });
    const [claim] = await worker.claim([{ task: uuid, request: randomUUID() }]);
    if (!claim) return t.fail('the task was not handed out');
    await worker.report([
      reportOf(claim, 1, { output: { stored: 'inline', frames_base64: frames(['stdout', text]) } }),
    ]);
  }
  const { name } = await c.api.getTask(uuid);
  const last = await searchAll(c, { name, pattern: 'try' });
  t.deepEqual(
    last.matches.map(({ attempt, text }) => `${attempt} ${text}`),
    ['2 second try'],
  );
  const all = await searchAll(c, { name, pattern: 'try', attempts: 'all', limit: 1 });
  t.deepEqual(
    all.matches.map(({ attempt, text }) => `${attempt} ${text}`),
    ['1 first try', '2 second try'],
  );
});

onEachBackend('an output that is unreadable, or that nobody sends, costs only itself and is named', async (t, c) => {
  const damaged = Buffer.from('these are not frames at all').toString('base64');
  const { job, tasks, worker } = await jobWith(c, [LOG, damaged, null]);
  await c.database.query(`UPDATE workers SET last_seen_at = now() - interval '1 hour' WHERE id = $1`, [
    worker.registration.uuid,
  ]);
  const { matches, unread } = await searchAll(c, { job, pattern: 'CUDA' });
  t.deepEqual(shown(matches), ['0 2 stderr CUDA out of memory']);
  t.deepEqual(
    unread.map(({ task, why }) => `${tasks.indexOf(task)}: ${why}`),
    ['2: its worker is silent', '1: it is damaged'],
  );
});

onEachBackend('who may not see a task finds nothing in its output', async (t, c) => {
  const { job } = await jobWith(c, [LOG]);
  const username = `user-${randomUUID().slice(0, 8)}`;
  await c.api.access.createUser({ username, password: 'a good password' });
  const { token } = await new MitosisClient({ url: c.url }).login(username, 'a good password');
  const stranger = { api: new MitosisClient({ url: c.url, token }) };
  t.deepEqual(await searchAll(stranger, { job, pattern: '.' }), { matches: [], unread: [] });
  await c.api.access.updateMembers('mitosis_admin', { [username]: 'read' });
  t.is((await searchAll(stranger, { job, pattern: '.' })).matches.length, 4);
});

onEachBackend('what can not be searched for is refused and named', async (t, c) => {
  const ask = async (query: string): Promise<{ status: number; message: string }> => {
    const response = await fetch(`${c.url}/tasks/grep?${query}`, { headers: { Authorization: `Bearer ${c.token}` } });
    const { error } = (await response.json()) as { error?: { message: string } };
    return { status: response.status, message: error?.message ?? '' };
  };
  for (const [query, message] of [
    ['', /^pattern/],
    ['pattern=', /^pattern: is empty/],
    [`pattern=${'x'.repeat(1001)}`, /^pattern/],
    ['pattern=%00', /^pattern/],
    ['pattern=(a', /^pattern: RE2 can't read it: .*missing closing/],
    ['pattern=(%3F%3Dx)', /^pattern: RE2 can't read it/],
    ['pattern=((a{100}){100}){100}', /^pattern: RE2 can't read it/],
    ['pattern=x&after=1.2', /^after: use the "next"/],
    ['pattern=x&per_attempt=0', /^per_attempt/],
    ['pattern=x&stream=stdin', /^stream/],
    ['pattern=x&limit=0', /^limit/],
    ['pattern=x&lines=3', /lines/],
  ] as const) {
    const refused = await ask(query);
    t.is(refused.status, 400, query);
    t.regex(refused.message, message, query);
  }
  t.is((await ask('pattern=x&after=999999999999999999.1.0.999999999999999.9.9.3')).status, 200, 'a place of nothing');
});
