import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tasks of a group ask for that ask for nothing else; and an index for the usage of a time. */
export class DefaultNeeds1700000000052 implements MigrationInterface {
  name = 'DefaultNeeds1700000000052';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE groups ADD cpus_default integer, ADD mem_default_bytes bigint');
    // Attempts are stored in the order in which they start: a few pages of index tell where a time begins.
    await runner.query('CREATE INDEX attempts_started ON attempts USING brin (started_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX attempts_started');
    await runner.query('ALTER TABLE groups DROP cpus_default, DROP mem_default_bytes');
  }
}
