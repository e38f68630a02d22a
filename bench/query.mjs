import { MitosisClient } from '@mitosis/client';
import { fillTasks } from './fill-tasks.mjs';
import { quantile, Scope, startStack } from './stack.mjs';

const REPEATS = 40;
const MEMBER = { username: 'bench-member', password: 'a-long-password-for-the-bench' };
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

/** What people ask for, by the options of `tasks query`. */
const filters = (count) => ({
  'no filter': {},
  group: { group: 'team-3' },
  'state failed': { state: 'failed' },
  'state pending (none)': { state: 'pending' },
  'group, state failed': { group: 'team-3', state: 'failed' },
  creator: { creator: 'person-3' },
  'creator, state failed': { creator: 'person-3', state: 'failed' },
  name: { name: 'train-5' },
  label: { labels: 'run-77' },
  tag: { tags: 'gpu' },
  'priority >5': { priority: '>5' },
  'exit code 2': { exit_code: '2' },
  'since 1 min ago': { created_after: ago(60) },
  'since 1/10 of all': { created_after: ago(count / 10) },
  'since before all': { created_after: ago(count * 2) },
  'until 9/10 ago': { created_before: ago(count * 0.9) },
  'since 1/10, state failed': { created_after: ago(count / 10), state: 'failed' },
  'finished since 1/10': { finished_after: ago(count / 10) },
  'text, reason of 2 %': { text: 'ended with an error' },
  'text, rare': { text: `train ${Math.round(count / 2)}` },
  'text, everything': { text: 'train' },
});

/**
 * Each filter by an administrator and by a member of three of the ten groups: p50 and p99 of a page through the API.
 */
export async function measureQueries(count) {
  const scope = new Scope();
  try {
    const { url, token, dataDir } = await startStack(scope, { backend: 'postgres', workers: 1, slots: 1 });
    await fillTasks(dataDir, count);
    return await timeQueries({ url, token }, count);
  } finally {
    await scope.end();
  }
}

async function timeQueries({ url, token }, count) {
  const admin = new MitosisClient({ url, token });
  const member = await addMember(url, token);
  const lines = [];
  for (const [name, filter] of Object.entries(filters(count))) {
    lines.push({
      name,
      admin: await time(() => admin.queryTasks(filter)),
      member: await time(() => member.queryTasks(filter)),
    });
  }
  return lines;
}

async function addMember(url, token) {
  const { access } = new MitosisClient({ url, token });
  await access.createUser(MEMBER);
  for (const team of ['team-1', 'team-3', 'team-7']) await access.updateMembers(team, { [MEMBER.username]: 'read' });
  const login = await new MitosisClient({ url }).login(MEMBER.username, MEMBER.password);
  return new MitosisClient({ url, token: login.token });
}

/** After three that warm up. */
async function time(call) {
  const times = [];
  for (let index = 0; index < REPEATS + 3; index += 1) {
    const from = performance.now();
    await call();
    if (index >= 3) times.push(performance.now() - from);
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
