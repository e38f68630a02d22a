import { randomUUID } from 'node:crypto';
import test from 'ava';
import { parseRequirements, tagsMatch, type Takes } from '@mitosis/domain';
import { connectWorker } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend, of } = eachBackend(test);

const WORKERS: readonly { tags: string[]; takes: Takes }[] = [
  { tags: [], takes: null },
  { tags: [], takes: 'any' },
  { tags: [], takes: 'only_tagged' },
  { tags: ['gpu'], takes: null },
  { tags: ['gpu', 'old'], takes: 'any' },
  { tags: ['gpu', 'old'], takes: 'only_tagged' },
  { tags: ['a100', 'gpu'], takes: null },
];
const ASKED = [[], ['gpu'], ['gpu & !old'], ['a100 | h100'], ['!(old | a100)'], ['gpu', '!gpu'], ['a100 & old | gpu']];

onEachBackend('a claim is decided by the rule for tags that explain shows', async (t, coordinator) => {
  const { api } = coordinator;
  for (const worker of WORKERS) {
    const { tags: has, takes } = worker;
    const client = await connectWorker(coordinator, { tags: has, ...(takes && { takes }), slots: ASKED.length });
    const tasks = await api.submitTasks(ASKED.map((tags) => ({ args: ['true'], tags })));
    const claimed = await client.claim(tasks.map(({ uuid: task }) => ({ task, request: randomUUID() })));
    for (const [place, { uuid }] of tasks.entries()) {
      const asked = ASKED[place] ?? [];
      const isTaken = claimed.some(({ task }) => task === uuid);
      const title = `${JSON.stringify(worker)} ${JSON.stringify(asked)}`;
      t.is(isTaken, tagsMatch(worker, parseRequirements(asked)), title);
      const { workers } = await api.explainTask(uuid);
      const explained = workers.find((one) => one.uuid === client.registration.uuid);
      t.is(explained?.verdict !== 'tags', isTaken, `${title}: ${explained?.detail}`);
    }
  }
});

test('the database decides about tags as the domain library does', async (t) => {
  const { database } = of('postgres');
  for (const { tags, takes: what } of WORKERS)
    for (const asked of ASKED) {
      const wanted = parseRequirements(asked);
      const [row] = (await database.query('SELECT mito_tags_match($1, $2, $3) AS is_match', [tags, what, wanted])) as {
        is_match: boolean;
      }[];
      t.is(row?.is_match, tagsMatch({ tags, takes: what }, wanted), `${tags} ${what} ${asked}`);
    }
});

test('a wrong expression is refused, and the field is named', async (t) => {
  const { api } = of('postgres');
  for (const tags of [['gpu &'], ['(a'], ['a b'], [''], ['a~b']]) {
    const error = await t.throwsAsync(api.submitTask({ args: ['true'], tags }), { code: 'invalid_request' });
    t.regex(error?.message ?? '', /tags/);
  }
});
