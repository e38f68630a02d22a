import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const pg = createRequire(new URL('../libs/database/package.json', import.meta.url))('pg');

/** Groups and people; the tasks are spread over them. */
const PEOPLE = [
  `INSERT INTO users (id, username, password_hash) SELECT gen_random_uuid(), 'person-' || n, '' FROM generate_series(0, 19) n`,
  `INSERT INTO groups (id, name, creator_id) SELECT gen_random_uuid(), 'team-' || n, (SELECT id FROM users WHERE username = 'person-0') FROM generate_series(0, 9) n`,
  `INSERT INTO memberships (user_id, group_id, role) SELECT creator_id, id, 'admin' FROM groups WHERE name LIKE 'team-%'`,
  `INSERT INTO queues (name, group_id, tags) SELECT 'bench-' || name, id, '{}' FROM groups WHERE name LIKE 'team-%'`,
  `INSERT INTO workers (id, creator_id, state, tags, labels, slots, hostname, version)
   SELECT gen_random_uuid(), (SELECT id FROM users WHERE username = 'person-0'), 'gone', '{}', '{}', 1, 'bench-' || n, '0' FROM generate_series(0, 19) n`,
];

const JOBS = `
  INSERT INTO jobs (id, group_id, creator_id, name, is_open)
  SELECT gen_random_uuid(), id, creator_id, 'sweep-' || n, false FROM generate_series(0, 99) n JOIN groups ON groups.name = 'team-' || n % 10 ORDER BY n`;

/**
 * $1 tasks, one each second until now; 2 of 100 have failed, 5 wait
 * held back, so that no queue gets them. One of ten is of a job.
 */
const TASKS = `
  INSERT INTO tasks (job_id, id, group_id, creator_id, queue, name, state, is_held, spec, tags, labels, priority, timeout_ms, retries,
    retry_delay_ms, retry_exit_codes, attempt, created_at, started_at, finished_at, exit_code, reason, message)
  SELECT CASE WHEN n % 10 = 0 THEN (SELECT j.id FROM jobs j WHERE j.name = 'sweep-' || 100 * n / ($1::int + 1)) END, uuidv7(c.at - now()), g.id, u.id, 'bench-' || g.name, 'train-' || n % 1000, s.state, s.state = 'ready',
    jsonb_build_object('args', jsonb_build_array('./train.sh', '--fold', n::text), 'env', '{}'::jsonb, 'terminal', false), CASE WHEN n % 50 = 0 THEN '{gpu}' ELSE '{}' END::text[],
    ARRAY['run-' || n % 500], n % 7, 3600000, 0, 0, '{}', CASE WHEN s.state = 'ready' THEN 0 ELSE 1 END, c.at,
    CASE WHEN s.state <> 'ready' THEN c.at END, CASE WHEN s.state <> 'ready' THEN c.at + interval '1 min' END,
    CASE s.state WHEN 'completed' THEN 0 WHEN 'failed' THEN 1 + n % 3 END,
    CASE s.state WHEN 'failed' THEN 'exit_code' END, CASE s.state WHEN 'failed' THEN 'the command ended with an error' END
  FROM generate_series(1, $1::int) n
  CROSS JOIN LATERAL (SELECT CASE WHEN n % 50 = 7 THEN 'failed' WHEN n % 20 = 3 THEN 'ready' WHEN n % 33 = 5 THEN 'cancelled' ELSE 'completed' END AS state) s
  CROSS JOIN LATERAL (SELECT now() - make_interval(secs => $1::int - n) AS at) c
  JOIN groups g ON g.name = 'team-' || (n / 7) % 10
  JOIN users u ON u.username = 'person-' || (n / 11) % 20
  ORDER BY n`;

const SEARCH = `
  INSERT INTO task_search (seq, task_id, group_id, creator_id, job_id, name, tags, labels, priority, created_at, words)
  SELECT seq, id, group_id, creator_id, job_id, name, tags, labels, priority, created_at,
    to_tsvector('simple', concat_ws(' ', replace(name, '-', ' '), 'train sh fold', spec -> 'args' ->> 2, replace(reason, '_', ' '), message))
  FROM tasks WHERE queue LIKE 'bench-%' ORDER BY seq`;

/** One for each task that has started. */
const ATTEMPTS = `
  INSERT INTO attempts (task_id, number, worker_id, claim_request, lease, lease_until, started_at, ended_at, outcome, exit_code)
  SELECT t.id, 1, w.id, t.id, t.id, t.finished_at, t.started_at, t.finished_at, t.state, t.exit_code
  FROM tasks t JOIN workers w ON w.hostname = 'bench-' || (t.seq / 13) % 20
  WHERE t.queue LIKE 'bench-%' AND t.attempt = 1 ORDER BY t.seq`;

/** Stores this many tasks as if they had been run, in the database of a stack. */
export async function fillTasks(dataDir, count) {
  const client = new pg.Client({ connectionString: await databaseUrl(dataDir) });
  await client.connect();
  try {
    // The rows fit each other: to look up each reference again would take longer than all the rest.
    await client.query('SET session_replication_role = replica');
    for (const sql of PEOPLE) await client.query(sql);
    await client.query(JOBS);
    await client.query(TASKS, [count]);
    await client.query(SEARCH);
    await client.query(ATTEMPTS);
    await client.query('VACUUM (ANALYZE) tasks, task_search, attempts, workers, users, groups, queues');
  } finally {
    await client.end();
  }
}

/** Of the PostgreSQL that `mito up` keeps in its data folder. */
async function databaseUrl(dataDir) {
  const folder = path.join(dataDir, 'postgres');
  const port = (await readFile(path.join(folder, 'cluster/postmaster.pid'), 'utf8')).split('\n')[3];
  const password = (await readFile(path.join(folder, 'password'), 'utf8')).trim();
  return `postgres://mitosis:${password}@127.0.0.1:${port}/mitosis`;
}
