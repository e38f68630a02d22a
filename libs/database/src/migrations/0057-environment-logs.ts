import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was printed while the environment of a task was built is an artifact of its own. */
export class EnvironmentLogs1700000000057 implements MigrationInterface {
  name = 'EnvironmentLogs1700000000057';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE artifacts DROP CONSTRAINT artifacts_kind_check');
    await runner.query(`
      ALTER TABLE artifacts ADD CONSTRAINT artifacts_kind_check
        CHECK (kind IN ('result', 'exec-log', 'std-log', 'env-log'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM artifacts WHERE kind = 'env-log'`);
    await runner.query('ALTER TABLE artifacts DROP CONSTRAINT artifacts_kind_check');
    await runner.query(`
      ALTER TABLE artifacts ADD CONSTRAINT artifacts_kind_check
        CHECK (kind IN ('result', 'exec-log', 'std-log'))`);
  }
}
