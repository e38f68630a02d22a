import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was changed, left out or not understood of what a task wrote, beside its attempt. */
export class NotesOfAttempts1700000000020 implements MigrationInterface {
  name = 'NotesOfAttempts1700000000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE attempts ADD notes jsonb NOT NULL DEFAULT '[]'");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE attempts DROP notes');
  }
}
