import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Secrets of groups, encrypted with a key that is not in the database. */
export class Secrets1700000000046 implements MigrationInterface {
  name = 'Secrets1700000000046';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE group_secrets (
        group_id uuid NOT NULL REFERENCES groups (id),
        name text NOT NULL,
        sealed bytea NOT NULL,
        set_by uuid NOT NULL REFERENCES users (id),
        set_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (group_id, name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE group_secrets');
  }
}
