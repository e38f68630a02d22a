import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The tables of the first release. The outbox is not a table of its own: a ready task with
 * `dispatched_at IS NULL` is one that no queue has yet, so that handing out a bounded window of
 * jobs and never losing a hand-over are one mechanism (docs/decisions/0003).
 */
export class FirstTables1700000000001 implements MigrationInterface {
  name = 'FirstTables1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id uuid PRIMARY KEY,
        username text NOT NULL UNIQUE,
        password_hash text NOT NULL,
        state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'locked', 'deleted')),
        is_admin boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz
      )`);
    await runner.query('CREATE INDEX sessions_user ON sessions (user_id)');
    await runner.query(`
      CREATE TABLE groups (
        id uuid PRIMARY KEY,
        name text NOT NULL UNIQUE,
        creator_id uuid NOT NULL REFERENCES users (id),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE memberships (
        user_id uuid NOT NULL REFERENCES users (id),
        group_id uuid NOT NULL REFERENCES groups (id),
        role text NOT NULL CHECK (role IN ('read', 'write', 'admin')),
        PRIMARY KEY (user_id, group_id)
      )`);
    await runner.query('CREATE INDEX memberships_group ON memberships (group_id)');
    await runner.query(`
      CREATE TABLE workers (
        id uuid PRIMARY KEY,
        creator_id uuid NOT NULL REFERENCES users (id),
        state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'gone')),
        tags text[] NOT NULL,
        labels text[] NOT NULL,
        slots integer NOT NULL,
        hostname text NOT NULL,
        version text NOT NULL,
        registered_at timestamptz NOT NULL DEFAULT now(),
        last_seen_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`CREATE INDEX workers_active ON workers (last_seen_at) WHERE state = 'active'`);
    await runner.query(`
      CREATE TABLE worker_groups (
        worker_id uuid NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
        group_id uuid NOT NULL REFERENCES groups (id),
        role text NOT NULL CHECK (role IN ('read', 'write', 'admin')),
        PRIMARY KEY (worker_id, group_id)
      )`);
    await runner.query('CREATE INDEX worker_groups_group ON worker_groups (group_id)');
    await runner.query(`
      CREATE TABLE queues (
        name text PRIMARY KEY,
        group_id uuid NOT NULL REFERENCES groups (id),
        tags text[] NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX queues_group ON queues (group_id)');
    await runner.query(`
      CREATE TABLE tasks (
        id uuid PRIMARY KEY,
        seq bigint GENERATED ALWAYS AS IDENTITY,
        group_id uuid NOT NULL REFERENCES groups (id),
        creator_id uuid NOT NULL REFERENCES users (id),
        queue text NOT NULL REFERENCES queues (name),
        name text NOT NULL,
        state text NOT NULL CHECK (state IN ('pending', 'ready', 'running', 'completed', 'failed', 'cancelled')),
        spec jsonb NOT NULL,
        tags text[] NOT NULL,
        labels text[] NOT NULL,
        priority integer NOT NULL,
        timeout_ms bigint NOT NULL,
        retries integer NOT NULL,
        retry_delay_ms integer NOT NULL,
        retry_exit_codes integer[] NOT NULL,
        attempt integer NOT NULL DEFAULT 0,
        failures integer NOT NULL DEFAULT 0,
        losses integer NOT NULL DEFAULT 0,
        dispatch integer NOT NULL DEFAULT 0,
        dispatched_at timestamptz,
        not_before timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        finished_at timestamptz,
        exit_code integer,
        signal text,
        reason text,
        message text
      ) WITH (fillfactor = 85)`);
    await runner.query('CREATE UNIQUE INDEX tasks_seq ON tasks (seq)');
    await runner.query('CREATE INDEX tasks_group_seq ON tasks (group_id, seq DESC)');
    await runner.query(`
      CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, seq)
      WHERE state = 'ready' AND dispatched_at IS NULL`);
    await runner.query(`
      CREATE INDEX tasks_dispatched ON tasks (queue, priority DESC, dispatched_at)
      WHERE state = 'ready' AND dispatched_at IS NOT NULL`);
    await runner.query(`
      CREATE INDEX tasks_due ON tasks (not_before)
      WHERE state = 'pending' AND not_before IS NOT NULL`);
    await runner.query(`
      CREATE TABLE attempts (
        task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        number integer NOT NULL,
        worker_id uuid NOT NULL REFERENCES workers (id),
        claim_request uuid NOT NULL,
        lease uuid NOT NULL,
        lease_until timestamptz NOT NULL,
        report_request uuid,
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        outcome text,
        exit_code integer,
        signal text,
        message text,
        wall_ms bigint,
        user_cpu_ms bigint,
        system_cpu_ms bigint,
        peak_rss_bytes bigint,
        output_bytes bigint,
        is_output_truncated boolean NOT NULL DEFAULT false,
        output_inline bytea,
        output_key text,
        output_sha256 text,
        PRIMARY KEY (task_id, number)
      )`);
    await runner.query('CREATE INDEX attempts_lease ON attempts (lease_until) WHERE ended_at IS NULL');
    await runner.query('CREATE INDEX attempts_worker ON attempts (worker_id) WHERE ended_at IS NULL');
    await runner.query(`
      CREATE TABLE artifacts (
        task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        kind text NOT NULL CHECK (kind IN ('result', 'exec-log', 'std-log')),
        attempt integer NOT NULL,
        object_key text NOT NULL,
        size_bytes bigint NOT NULL,
        sha256 text NOT NULL,
        skipped jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (task_id, kind)
      )`);
    await runner.query(`
      CREATE TABLE idempotency_keys (
        user_id uuid NOT NULL REFERENCES users (id),
        key text NOT NULL,
        request_hash text NOT NULL,
        answer jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, key)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE idempotency_keys, artifacts, attempts, tasks, queues, worker_groups, workers, memberships, groups,
        sessions, users`);
  }
}
