import test from 'ava';
import fc from 'fast-check';
import { CancelAnswer, OPERATIONS, TaskCount } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;

const GUARDS = 6;
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const timed =
  process.env.FUZZ_SECONDS === undefined
    ? { numRuns: 150 }
    : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: Number(process.env.FUZZ_SECONDS) * 1000 };

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
  const task = { args: ['guard'], name: 'guard', labels: ['guard'], tags: ['guard'], priority: 7 };
  await coordinator.api.submitTasks(Array.from({ length: GUARDS }, () => task));
  file.teardown(() => undefined);
});

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

async function send(method: string, path: string, body?: unknown): Promise<Answered> {
  const response = await fetch(`${coordinator.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${coordinator.token}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const cancel = (body: unknown): Promise<Answered> => send('POST', '/tasks/cancel', body);
const openGuards = (): Promise<number> => coordinator.api.countTasks({ name: 'guard', state: ['ready'] });

const CONDITIONS = [
  'group',
  'creator',
  'state',
  'tags',
  'labels',
  'name',
  'job',
  'upstream',
  'exit_code',
  'priority',
  'worker',
  'created_after',
  'created_before',
  'finished_after',
  'finished_before',
  'text',
] as const;

/** Nothing of it is true of a guard: neither a word that begins like one of theirs, nor a comparison, nor a time. */
const ODD = fc
  .oneof(
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '',
        ' ',
        ',',
        ',,',
        '***',
        '😀',
        '=',
        '!=',
        '>',
        '\0',
        '\ud800',
        '%',
        '_',
        "'",
        '\\',
        '()',
        '&|!',
        ':*',
        'NULL',
        'undefined',
        '{}',
        '[]',
        '*',
        '.',
        'İ',
        'ß',
        'ﬁ',
        '\u200b',
        '\u202e',
        '\u0301',
        '٣',
        '½',
        '²',
        '1e3',
        '99999999999999999999',
        '-1',
        '0x7',
      ),
    },
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom(' ', ',', '\t', '\u00a0', '*', '-', "'", ':', '&', '|', '!', '(', '😀', '\u0301'),
      maxLength: 6,
    }),
  )
  .filter((text) => !/^\s*(=|!=|<=?|>=?)\s*-?\d+\s*$/.test(text) && !/[gt7]/i.test(text.normalize('NFKC')));

test.serial('an odd condition is refused or finds nothing, in queries and in operations on many', async (t) => {
  t.log(`FUZZ_SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...CONDITIONS), ODD, async (condition, odd) => {
      const shown = `${condition}=${JSON.stringify(odd)}`;
      const cancelled = await cancel({ filter: { [condition]: odd } });
      if (cancelled.status === 200) t.like(CancelAnswer.parse(cancelled.body), { cancelled: 0, requested: 0 }, shown);
      else t.is(cancelled.status, 400, shown);
      const counted = await send('GET', `/tasks/count?${new URLSearchParams({ [condition]: odd }).toString()}`);
      if (counted.status === 200) t.is(TaskCount.parse(counted.body).count, 0, shown);
      else t.is(counted.status, 400, shown);
    }),
    { seed, ...timed },
  );
  t.is(await openGuards(), GUARDS);
});

test.serial('an odd condition of any query is refused or answered, never an error of the coordinator', async (t) => {
  const queries = OPERATIONS.flatMap(({ method, path, query, responseType }) =>
    method === 'GET' && query && responseType === undefined && !path.includes(':')
      ? Object.keys((query as unknown as { shape: object }).shape).map((field) => ({ path, field }))
      : [],
  );
  t.true(queries.length > 30);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...queries), ODD, async ({ path, field }, odd) => {
      const { status, body } = await send('GET', `${path}?${new URLSearchParams({ [field]: odd }).toString()}`);
      t.true(
        [200, 400, 404].includes(status),
        `${path}?${field}=${JSON.stringify(odd)}: ${status} ${JSON.stringify(body)}`,
      );
    }),
    { seed, ...timed },
  );
});

test.serial('a request without a condition is refused, with the field named, and cancels nothing', async (t) => {
  for (const body of [
    {},
    { filter: {} },
    { filter: null },
    { all: false },
    { uuids: [] },
    { uuids: [''] },
    { filter: { text: '***' } },
    { filter: { labels: '' } },
    { filter: { group: 'mitosis_admin', tags: ',' } },
    { filter: { labels: 'guard,' } },
  ]) {
    const { status, body: answer } = await cancel(body);
    t.is(status, 400, JSON.stringify(body));
    t.truthy((answer as { error: { details: { field?: string } } }).error.details.field, JSON.stringify(answer));
  }
  t.is(await openGuards(), GUARDS);
});

test.serial('a dry run says what would be cancelled, and cancels nothing', async (t) => {
  const { api } = coordinator;
  const preview = await api.cancelTasks({ filter: { labels: ['guard'] } }, { isDryRun: true });
  t.like(preview, { cancelled: GUARDS, requested: 0 });
  t.is(preview.sample?.length, 5);
  t.like(preview.sample?.[0], { name: 'guard', state: 'ready' });
  const uuid = preview.sample?.[0]?.uuid ?? '';
  t.deepEqual((await api.cancelTasks({ uuids: [uuid] }, { isDryRun: true })).results, [{ uuid, result: 'cancelled' }]);
  t.like(await api.cancelTasks({ all: true }, { isDryRun: true }), { cancelled: GUARDS, requested: 0 });
  t.is(await openGuards(), GUARDS);
});

test.serial('what a dry run has counted is what is cancelled; all means all', async (t) => {
  const { api } = coordinator;
  const filter = { text: 'guard', priority: '>=7' };
  const preview = await api.cancelTasks({ filter }, { isDryRun: true });
  await api.submitTask({ args: ['other'] });
  const { cancelled, requested } = await api.cancelTasks({ filter });
  t.deepEqual({ cancelled, requested }, { cancelled: preview.cancelled, requested: preview.requested });
  t.like(await api.cancelTasks({ all: true }), { cancelled: 1, requested: 0 });
  t.like(await api.cancelTasks({ all: true }), { cancelled: 0, requested: 0 });
});
