// node bench/profile.mjs [redis|postgres] [tasks]: where the time of one task goes, by process, by statement of
// PostgreSQL and by function. Sampled with the clock on the wall: on a busy machine a function that makes system calls
// also gets the time for which its process waited for a core.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MitosisClient } from '@mitosis/client';
import { EmbeddedPostgres } from '@mitosis/embedded';
import { freePort, redisServer } from '@mitosis/testing';
import { cpuTimes } from './cpu-times.mjs';
import { Scope } from './stack.mjs';
import { runTasks } from './throughput.mjs';

const MAIN = path.join(import.meta.dirname, '../dist/mito/lib/mito.js');
const [backend = 'redis', count = '3000'] = process.argv.slice(2);
const TASKS = Number(count);
const { Client } = createRequire(new URL('../libs/queue/package.json', import.meta.url))('pg');
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const scope = new Scope();
const dir = await mkdtemp(path.join(tmpdir(), 'mito-profile-'));
// PostgreSQL may run as another user.
await chmod(dir, 0o711);
const profiles = path.join(dir, 'profiles');

function start(name, env) {
  const flags = ['--cpu-prof', `--cpu-prof-dir=${profiles}/${name}`];
  const child = spawn(process.execPath, [...flags, MAIN, name], {
    env: { PATH: process.env.PATH, HOME: dir, MITO_CONFIG_DIR: dir, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  scope.teardown(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  });
}

/** The functions of a V8 profile with the most time of their own. */
async function hottest(folder) {
  const times = new Map();
  for (const file of await readdir(folder)) {
    const { nodes, samples, timeDeltas } = JSON.parse(await readFile(path.join(folder, file), 'utf8'));
    const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
    samples.forEach((id, index) => {
      const { functionName, url, lineNumber } = byId.get(id);
      const name = `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
      times.set(name, (times.get(name) ?? 0) + timeDeltas[index] / 1000);
    });
  }
  return [...times].sort(([, a], [, b]) => b - a).slice(0, 45);
}

try {
  const postgres = new EmbeddedPostgres({
    dataDir: path.join(dir, 'postgres'),
    ephemeral: true,
    log: silent,
    settings: {
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track': 'top',
      track_io_timing: 'off',
    },
  });
  await postgres.start();
  scope.teardown(() => postgres.stop());
  const redis = backend === 'redis' ? (await redisServer(scope)).url : undefined;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  start('coordinator', {
    MITO_BIND: `127.0.0.1:${port}`,
    MITO_DB_URL: postgres.url,
    MITO_STATE_DIR: path.join(dir, 'coordinator'),
    MITO_ADMIN_USER: 'admin',
    MITO_ADMIN_PASSWORD: 'a long password',
    ...(redis && { MITO_REDIS_URL: redis }),
  });
  let login;
  for (let tries = 0; !login && tries < 120; tries += 1) {
    login = await new MitosisClient({ url }).login('admin', 'a long password').catch(() => delay(500));
  }
  const api = new MitosisClient({ url, token: login.token });
  const { code } = await api.access.createEnrolment({ uses: 1, expires_in_ms: 120_000 });
  start('worker', {
    MITO_COORDINATOR_ADDR: url,
    MITO_ENROLL: code,
    MITO_SLOTS: '4',
    MITO_WORK_DIR: path.join(dir, 'worker'),
  });
  const sql = new Client(postgres.url);
  await sql.connect();
  await sql.query('CREATE EXTENSION pg_stat_statements');
  await runTasks(api, TASKS);
  await sql.query('SELECT pg_stat_statements_reset()');
  const before = cpuTimes(process.pid);
  const begun = performance.now();
  await runTasks(api, TASKS);
  console.log(`${(TASKS / ((performance.now() - begun) / 1000)).toFixed(0)} tasks/s`);
  for (const [name, ms] of [...cpuTimes(process.pid)].sort(([, a], [, b]) => b - a))
    console.log(`  ${((ms - (before.get(name) ?? 0)) / TASKS).toFixed(3)} ms  ${name}`);
  const { rows } = await sql.query(`SELECT calls, total_exec_time AS ms, rows, wal_bytes::float8 AS wal,
    shared_blks_hit + shared_blks_read AS blocks, regexp_replace(query, '\\s+', ' ', 'g') AS query
    FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 45`);
  console.log('us/task   calls/task  us/call  WAL/task  blocks/task  statement');
  for (const row of rows)
    console.log(
      [
        ((row.ms * 1000) / TASKS).toFixed(1).padStart(7),
        (row.calls / TASKS).toFixed(3).padStart(9),
        ((row.ms * 1000) / row.calls).toFixed(0).padStart(9),
        (row.wal / TASKS).toFixed(0).padStart(9),
        (row.blocks / TASKS).toFixed(1).padStart(10),
        `   ${row.query.trim().slice(0, 110)}`,
      ].join(' '),
    );
  const tables = await sql.query(
    `SELECT schemaname || '.' || relname AS name, n_tup_ins AS ins, n_tup_upd AS upd,
    n_tup_hot_upd AS hot, n_tup_del AS del FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd > $1 ORDER BY 3 DESC`,
    [TASKS / 10],
  );
  console.log('rows per task (with the warm-up): inserted updated of-them-HOT deleted');
  for (const row of tables.rows)
    console.log(
      `  ${row.name.padEnd(24)} ${['ins', 'upd', 'hot', 'del'].map((key) => (row[key] / TASKS / 2).toFixed(2)).join('  ')}`,
    );
  await sql.end();
} finally {
  await scope.end();
  for (const name of ['coordinator', 'worker']) {
    console.log(`${name}, own time of functions in ms of one task (start-up included)`);
    for (const [fn, ms] of await hottest(path.join(profiles, name)).catch(() => []))
      console.log(`  ${(ms / TASKS / 2).toFixed(4)}  ${fn}`);
  }
  await rm(dir, { recursive: true, force: true });
}
