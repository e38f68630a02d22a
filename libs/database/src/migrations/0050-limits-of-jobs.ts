import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many tasks of a job run at a time, and how many may fail before the rest is cancelled. */
export class LimitsOfJobs1700000000050 implements MigrationInterface {
  name = 'LimitsOfJobs1700000000050';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD at_once integer, ADD max_fails integer');
    await runner.query('CREATE INDEX jobs_max_fails ON jobs (id) WHERE max_fails IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs DROP at_once, DROP max_fails');
  }
}
