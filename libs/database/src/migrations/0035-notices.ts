import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom submissions tell, and what there may be to tell: noted with each change, decided after it. */
export class Notices1700000000035 implements MigrationInterface {
  name = 'Notices1700000000035';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD COLUMN notify jsonb');
    await runner.query('ALTER TABLE tasks ADD COLUMN notify jsonb');
    await runner.query(`
      CREATE TABLE notice_marks (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        subject_id uuid NOT NULL,
        is_job boolean NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE notice_subjects (
        id uuid PRIMARY KEY,
        is_job boolean NOT NULL,
        version int NOT NULL DEFAULT 0,
        due_at timestamptz,
        lease uuid,
        leased_until timestamptz,
        has_told_start boolean NOT NULL DEFAULT false,
        told_end text,
        waiting_since timestamptz,
        told_stuck_ms bigint NOT NULL DEFAULT 0
      )`);
    await runner.query('CREATE INDEX notice_subjects_due ON notice_subjects (due_at) WHERE due_at IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notice_subjects');
    await runner.query('DROP TABLE notice_marks');
    await runner.query('ALTER TABLE tasks DROP COLUMN notify');
    await runner.query('ALTER TABLE jobs DROP COLUMN notify');
  }
}
