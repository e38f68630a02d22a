import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs that are submitted at the times of a cron expression: each time once, by its row. */
export class Schedules1700000000054 implements MigrationInterface {
  name = 'Schedules1700000000054';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE schedules (
        id uuid PRIMARY KEY,
        group_id uuid NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        creator_id uuid NOT NULL REFERENCES users (id),
        name text NOT NULL,
        cron text NOT NULL,
        time_zone text NOT NULL,
        overlap text NOT NULL,
        catch_up text NOT NULL,
        state text NOT NULL DEFAULT 'active',
        message text,
        jobs jsonb NOT NULL,
        next_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (group_id, name)
      )`);
    await runner.query(`CREATE INDEX schedules_due ON schedules (next_at) WHERE state = 'active'`);
    await runner.query(`
      CREATE TABLE schedule_runs (
        schedule_id uuid NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
        due_at timestamptz NOT NULL,
        outcome text NOT NULL,
        reason text,
        jobs uuid[] NOT NULL DEFAULT '{}',
        PRIMARY KEY (schedule_id, due_at)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE schedule_runs');
    await runner.query('DROP TABLE schedules');
  }
}
