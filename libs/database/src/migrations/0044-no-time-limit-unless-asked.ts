import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A task without a time limit has none; those that were submitted before keep theirs. */
export class NoTimeLimitUnlessAsked1700000000044 implements MigrationInterface {
  name = 'NoTimeLimitUnlessAsked1700000000044';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tasks ALTER timeout_ms DROP NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('UPDATE tasks SET timeout_ms = 2592000000 WHERE timeout_ms IS NULL');
    await runner.query('ALTER TABLE tasks ALTER timeout_ms SET NOT NULL');
  }
}
