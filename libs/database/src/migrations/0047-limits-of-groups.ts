import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tasks of a group get that say nothing else, and the longest time limit that they may have. */
export class LimitsOfGroups1700000000047 implements MigrationInterface {
  name = 'LimitsOfGroups1700000000047';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE groups
        ADD timeout_default_ms bigint,
        ADD timeout_max_ms bigint,
        ADD retries_default integer,
        ADD retry_delay_default_ms integer`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE groups
        DROP timeout_default_ms,
        DROP timeout_max_ms,
        DROP retries_default,
        DROP retry_delay_default_ms`);
  }
}
