import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may do what: states and quotas of groups, API tokens, enrolment of workers, login protection, the audit log. */
export class Access1700000000002 implements MigrationInterface {
  name = 'Access1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD group_quota integer NOT NULL DEFAULT 8 CHECK (group_quota >= 0)');
    await runner.query(`
      ALTER TABLE groups
        ADD state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'locked', 'deleted')),
        ADD queued_tasks_max integer CHECK (queued_tasks_max >= 0),
        ADD running_tasks_max integer CHECK (running_tasks_max >= 0)`);
    await runner.query(`CREATE INDEX groups_creator ON groups (creator_id) WHERE state <> 'deleted'`);
    await runner.query(`CREATE INDEX tasks_queued ON tasks (group_id) WHERE state IN ('pending', 'ready')`);
    await runner.query(`CREATE INDEX tasks_running ON tasks (group_id) WHERE state = 'running'`);
    await runner.query(`
      CREATE TABLE api_tokens (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id),
        name text NOT NULL,
        scope text NOT NULL CHECK (scope IN ('read', 'submit', 'workers', 'full')),
        secret_hash bytea NOT NULL UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz
      )`);
    await runner.query('CREATE UNIQUE INDEX api_tokens_name ON api_tokens (user_id, name) WHERE revoked_at IS NULL');
    await runner.query(`
      CREATE TABLE enrolments (
        id uuid PRIMARY KEY,
        creator_id uuid NOT NULL REFERENCES users (id),
        code_hash bytea NOT NULL UNIQUE,
        group_ids uuid[] NOT NULL,
        tags text[] NOT NULL,
        labels text[] NOT NULL,
        uses_max integer NOT NULL CHECK (uses_max > 0),
        uses integer NOT NULL DEFAULT 0 CHECK (uses <= uses_max),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz
      )`);
    await runner.query('CREATE INDEX enrolments_creator ON enrolments (creator_id)');
    await runner.query(`
      ALTER TABLE workers
        ADD enrolment_id uuid REFERENCES enrolments (id),
        ADD enrol_request uuid`);
    await runner.query('CREATE UNIQUE INDEX workers_enrol_request ON workers (enrolment_id, enrol_request)');
    await runner.query('CREATE INDEX workers_creator ON workers (creator_id)');
    // As rate-limiter-flexible wants it; a fault costs a few free tries, so nothing is written ahead.
    await runner.query(`
      CREATE UNLOGGED TABLE rate_limits (
        key text PRIMARY KEY,
        points integer NOT NULL DEFAULT 0,
        expire bigint
      )`);
    await runner.query(`
      CREATE TABLE audit_log (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(),
        actor_kind text NOT NULL CHECK (actor_kind IN ('anonymous', 'user', 'worker', 'system')),
        actor_id uuid,
        actor_name text NOT NULL,
        action text NOT NULL,
        object text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('done', 'denied')),
        address text NOT NULL,
        details jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX audit_log_at ON audit_log (at)');
    await runner.query('CREATE INDEX audit_log_actor ON audit_log (actor_name, id DESC)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_log, rate_limits');
    await runner.query('ALTER TABLE workers DROP enrolment_id, DROP enrol_request');
    await runner.query('DROP INDEX workers_creator');
    await runner.query('DROP TABLE enrolments, api_tokens');
    await runner.query('DROP INDEX tasks_queued, tasks_running, groups_creator');
    await runner.query('ALTER TABLE groups DROP state, DROP queued_tasks_max, DROP running_tasks_max');
    await runner.query('ALTER TABLE users DROP group_quota');
  }
}
