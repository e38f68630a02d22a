import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Jobs, dependencies, cancellation, progress and search. What people search by lies in a table of
 * its own: a row of `tasks` changes at every step of its life, and each change writes to every
 * index of the table (docs/decisions/0006).
 */
export class EverythingATaskCanDo1700000000003 implements MigrationInterface {
  name = 'EverythingATaskCanDo1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await this.addJobs(runner);
    await this.addDependencies(runner);
    await this.addSearch(runner);
  }

  private async addJobs(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE groups ADD suspended_at timestamptz');
    await runner.query(`
      CREATE TABLE jobs (
        id uuid PRIMARY KEY,
        seq bigint GENERATED ALWAYS AS IDENTITY,
        group_id uuid NOT NULL REFERENCES groups (id),
        creator_id uuid NOT NULL REFERENCES users (id),
        name text NOT NULL,
        is_open boolean NOT NULL,
        has_dependents boolean NOT NULL DEFAULT false,
        suspended_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX jobs_group_seq ON jobs (group_id, seq DESC)');
    await runner.query(`
      ALTER TABLE tasks ADD job_id uuid REFERENCES jobs (id), ADD job_index integer,
        ADD upstream_id uuid REFERENCES tasks (id) ON DELETE SET NULL,
        ADD retried_by uuid REFERENCES tasks (id) ON DELETE SET NULL,
        ADD waits_for integer NOT NULL DEFAULT 0, ADD is_held boolean NOT NULL DEFAULT false,
        ADD cancel_requested_at timestamptz, ADD cancelled_by uuid REFERENCES users (id), ADD cancel_reason text,
        ADD progress real, ADD progress_message text`);
    await runner.query('CREATE INDEX tasks_job ON tasks (job_id, state) WHERE job_id IS NOT NULL');
    await runner.query('CREATE INDEX tasks_upstream ON tasks (upstream_id) WHERE upstream_id IS NOT NULL');
    await runner.query('CREATE INDEX tasks_held ON tasks (job_id) WHERE is_held');
    await runner.query('DROP INDEX tasks_waiting');
    await runner.query(`
      CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, seq)
      WHERE state = 'ready' AND dispatched_at IS NULL AND NOT is_held`);
    await runner.query(`
      CREATE TABLE metrics (
        task_id uuid PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
        rows jsonb NOT NULL,
        is_truncated boolean NOT NULL
      )`);
  }

  private async addDependencies(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE dependencies (
        task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        on_id uuid NOT NULL,
        on_kind text NOT NULL CHECK (on_kind IN ('task', 'job')),
        condition text NOT NULL CHECK (condition IN ('completed', 'ended', 'failed', 'started')),
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'met', 'unmet')),
        PRIMARY KEY (task_id, on_id, condition)
      )`);
    await runner.query(`CREATE INDEX dependencies_open ON dependencies (on_id) WHERE state = 'open'`);
    await runner.query('CREATE INDEX dependencies_on ON dependencies (on_id)');
  }

  private async addSearch(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION mito_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
      $$ SELECT to_tsvector('simple', regexp_replace(left($1, 4096), '[^[:alnum:]]+', ' ', 'g')) $$`);
    await runner.query(`
      CREATE TABLE task_search (
        seq bigint PRIMARY KEY,
        task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        creator_id uuid NOT NULL,
        job_id uuid,
        name text NOT NULL,
        labels text[] NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        words tsvector NOT NULL
      )`);
    await runner.query(`
      INSERT INTO task_search (seq, task_id, creator_id, name, labels, created_at, words)
      SELECT seq, id, creator_id, name, labels, created_at,
        mito_words(concat_ws(' ', name, (SELECT string_agg(a, ' ') FROM jsonb_array_elements_text(spec -> 'args') a),
          reason, message))
      FROM tasks`);
    await runner.query('CREATE UNIQUE INDEX task_search_task ON task_search (task_id)');
    await runner.query('CREATE INDEX task_search_creator ON task_search (creator_id, seq DESC)');
    await runner.query('CREATE INDEX task_search_job ON task_search (job_id, seq DESC) WHERE job_id IS NOT NULL');
    await runner.query('CREATE INDEX task_search_name ON task_search (name, seq DESC)');
    await runner.query('CREATE INDEX task_search_labels ON task_search USING gin (labels)');
    await runner.query('CREATE INDEX task_search_words ON task_search USING gin (words)');
    await runner.query('CREATE INDEX task_search_created ON task_search (created_at)');
    await runner.query('CREATE INDEX tasks_state_seq ON tasks (group_id, state, seq DESC)');
    await runner.query(
      'CREATE INDEX tasks_exit ON tasks (exit_code, seq DESC) WHERE exit_code IS NOT NULL AND exit_code <> 0',
    );
    await runner.query('CREATE INDEX tasks_finished ON tasks (finished_at) WHERE finished_at IS NOT NULL');
    await runner.query('CREATE INDEX attempts_of_worker ON attempts (worker_id, task_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE task_search, dependencies, metrics');
    await runner.query('DROP FUNCTION mito_words(text)');
    await runner.query(
      'DROP INDEX attempts_of_worker, tasks_finished, tasks_exit, tasks_state_seq, tasks_waiting, tasks_held',
    );
    await runner.query(`
      ALTER TABLE tasks DROP job_id, DROP job_index, DROP upstream_id, DROP retried_by, DROP waits_for, DROP is_held,
        DROP cancel_requested_at, DROP cancelled_by, DROP cancel_reason, DROP progress, DROP progress_message`);
    await runner.query('DROP TABLE jobs');
    await runner.query('ALTER TABLE groups DROP suspended_at');
    await runner.query(`
      CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, seq)
      WHERE state = 'ready' AND dispatched_at IS NULL`);
  }
}
