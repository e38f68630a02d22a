import test from 'ava';
import type { DataSource } from 'typeorm';
import { createDataSource, migrate } from '@mitosis/database';
import type { Role, TaskState } from '@mitosis/domain';
import { TaskFilters } from '@mitosis/protocol';
import { fileScope, freshDatabase } from '@mitosis/testing';
import type { UserActor } from '../auth/authenticator.js';
import { countTasks, findTasks } from './find-tasks.js';

/** More than are looked through before an index is asked. */
const COUNT = 50_000;

interface Row {
  readonly id: string;
  readonly seq: number;
  readonly group: string;
  readonly creator: string;
  readonly name: string;
  readonly state: TaskState;
  readonly tags: string[];
  readonly labels: string[];
  readonly priority: number;
  readonly exit_code: number | null;
  readonly at: Date;
  readonly finished_at: Date | null;
  readonly words: string;
}

const file = fileScope(test);
let database: DataSource;
let rows: Row[];
let admin: UserActor;
let member: UserActor;

const FILL = [
  `INSERT INTO users (id, username, password_hash) SELECT gen_random_uuid(), 'person-' || n, ''
    FROM generate_series(0, 6) n`,
  `INSERT INTO groups (id, name, creator_id) SELECT gen_random_uuid(), 'team-' || n,
    (SELECT id FROM users WHERE username = 'person-0') FROM generate_series(0, 4) n`,
  `INSERT INTO queues (name, group_id, tags) SELECT name, id, '{}' FROM groups`,
  // What is rare lies far back, or is spread thinly; failures come in clusters.
  `INSERT INTO tasks (id, group_id, creator_id, queue, name, state, spec, tags, labels, priority, timeout_ms, retries,
     retry_delay_ms, retry_exit_codes, created_at, finished_at, exit_code)
   SELECT gen_random_uuid(), g.id, u.id, g.name, 'train-' || n % 900, s.state, '{"args": ["./train.sh"]}',
     CASE WHEN n < 300 THEN '{gpu}' ELSE '{}' END::text[], ARRAY['run-' || n % 400, 'fold-' || n % 3],
       CASE WHEN n % 7000 = 1 THEN 9 ELSE n % 3 END,
     1000, 0, 0, '{}', now() - make_interval(secs => ${COUNT} - n),
     CASE WHEN s.state <> 'ready' THEN now() - make_interval(secs => ${COUNT} - n - 30) END,
     CASE s.state WHEN 'completed' THEN 0 WHEN 'failed' THEN 1 + n % 40 END
   FROM generate_series(1, ${COUNT}) n
   CROSS JOIN LATERAL (SELECT CASE WHEN n % 10000 < 400 THEN 'failed' WHEN n % 11 = 3 THEN 'ready'
     ELSE 'completed' END AS state) s
   JOIN groups g ON g.name = 'team-' || (n / 3) % 5 JOIN users u ON u.username = 'person-' || (n / 5) % 7 ORDER BY n`,
  `INSERT INTO task_search (seq, task_id, group_id, creator_id, name, tags, labels, priority, created_at, words)
   SELECT seq, id, group_id, creator_id, name, tags, labels, priority, created_at,
     mito_words(concat_ws(' ', name, CASE state WHEN 'failed' THEN 'ended with an error ' || exit_code END)) FROM tasks
     ORDER BY seq`,
  'ANALYZE',
];

test.before(async () => {
  database = createDataSource({ url: await freshDatabase(file) });
  await database.initialize();
  file.teardown(() => database.destroy());
  await migrate(database);
  for (const sql of FILL) await database.query(sql);
  rows = (await database.query(
    `SELECT t.id, t.seq::int, g.name AS group, u.username AS creator, t.name, t.state, t.tags, t.labels, t.priority,
       t.exit_code, t.created_at AS at, t.finished_at, s.words::text
     FROM tasks t JOIN groups g ON g.id = t.group_id JOIN users u ON u.id = t.creator_id
     JOIN task_search s ON s.task_id = t.id ORDER BY t.seq DESC`,
  )) as Row[];
  const groups = (await database.query('SELECT id, name FROM groups ORDER BY name')) as { id: string; name: string }[];
  const [user] = (await database.query(`SELECT id, username FROM users WHERE username = 'person-1'`)) as {
    id: string;
    username: string;
  }[];
  const person = { kind: 'user' as const, userId: user?.id ?? '', username: user?.username ?? '', sessionId: null };
  const roles = new Map<string, Role>(groups.slice(0, 2).map(({ id }) => [id, 'read']));
  admin = { ...person, isAdmin: true, roles: new Map() };
  member = { ...person, isAdmin: false, roles };
});

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const [LATELY, LONG_AGO] = [ago(1000), ago(45_000)];
const hasWord = (row: Row, word: string): boolean => row.words.includes(`'${word}'`);

/** Filters, and the same said once more for one row. */
const CASES: readonly (readonly [string, object, (row: Row) => boolean])[] = [
  ['nothing', {}, () => true],
  ['a group', { group: 'team-1' }, (row) => row.group === 'team-1'],
  ['states', { state: 'failed,ready,failed' }, (row) => row.state === 'failed' || row.state === 'ready'],
  ['a creator', { creator: 'person-3' }, (row) => row.creator === 'person-3'],
  ['a name', { name: 'train-17' }, (row) => row.name === 'train-17'],
  ['a label that is everywhere', { labels: 'fold-1' }, (row) => row.labels.includes('fold-1')],
  ['a label that is rare', { labels: 'run-17' }, (row) => row.labels.includes('run-17')],
  ['a tag that is far back', { tags: 'gpu' }, (row) => row.tags.includes('gpu')],
  ['a tag that none has', { tags: 'none' }, () => false],
  ['a priority that is rare', { priority: '>5' }, (row) => row.priority > 5],
  ['a priority', { priority: '!=0' }, (row) => row.priority !== 0],
  ['an exit code', { exit_code: '7' }, (row) => row.exit_code === 7],
  ['any other exit code', { exit_code: '!=0' }, (row) => row.exit_code !== null && row.exit_code !== 0],
  ['words of failures', { text: 'ended with' }, (row) => hasWord(row, 'ended')],
  [
    'words that are rare',
    { text: 'train 401' },
    (row) => row.name.startsWith('train-401') || (hasWord(row, '401') && hasWord(row, 'train')),
  ],
  ['since a while', { created_after: LATELY }, (row) => row.at.getTime() >= Date.parse(LATELY)],
  ['long ago', { created_before: LONG_AGO }, (row) => row.at.getTime() < Date.parse(LONG_AGO)],
  [
    'ended long ago',
    { finished_before: LONG_AGO },
    (row) => row.finished_at !== null && row.finished_at.getTime() < Date.parse(LONG_AGO),
  ],
  [
    'states of a creator',
    { state: 'failed', creator: 'person-3' },
    (row) => row.state === 'failed' && row.creator === 'person-3',
  ],
  ['words of a state', { state: 'failed', text: 'error' }, (row) => row.state === 'failed'],
  [
    'a rare label of a state',
    { state: 'failed', labels: 'run-17' },
    (row) => row.state === 'failed' && row.labels.includes('run-17'),
  ],
  [
    'a tag of a state',
    { state: 'completed', tags: 'gpu' },
    (row) => row.state === 'completed' && row.tags.includes('gpu'),
  ],
  [
    'a label and words',
    { labels: 'fold-1', text: 'error' },
    (row) => row.labels.includes('fold-1') && hasWord(row, 'error'),
  ],
];

const found = async (
  actor: UserActor,
  filters: TaskFilters,
  options: { limit: number; after?: string; offset?: number },
): Promise<number[]> => (await findTasks(database, actor, filters, options)).map(({ seq }) => Number(seq));

for (const [title, query, isMeant] of CASES) {
  test(`by ${title}, the newest first, page by page, as many as are counted`, async (t) => {
    const filters = TaskFilters.parse(query);
    for (const actor of [admin, member]) {
      const wanted = rows
        .filter((row) => isMeant(row) && (actor.isAdmin || ['team-0', 'team-1'].includes(row.group)))
        .map(({ seq }) => seq);
      t.deepEqual(await found(actor, filters, { limit: 101 }), wanted.slice(0, 101));
      t.deepEqual(await found(actor, filters, { limit: 10, offset: 350 }), wanted.slice(350, 360), 'with an offset');
      const after = wanted[200];
      if (after !== undefined)
        t.deepEqual(
          await found(actor, filters, { limit: 150, after: String(after) }),
          wanted.slice(201, 351),
          'the next page',
        );
      t.is(await countTasks(database, actor, filters), wanted.length, 'the count');
    }
  });
}
