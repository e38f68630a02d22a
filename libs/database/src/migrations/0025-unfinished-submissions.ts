import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A submission in several requests says how many tasks it has and with which key it can be finished. A key
 * remembers what its request was like, so that another request under it can be told how it differs.
 */
export class UnfinishedSubmissions1700000000025 implements MigrationInterface {
  name = 'UnfinishedSubmissions1700000000025';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD expected_tasks int, ADD idempotency_key text');
    await runner.query('ALTER TABLE idempotency_keys ADD outline jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE idempotency_keys DROP outline');
    await runner.query('ALTER TABLE jobs DROP expected_tasks, DROP idempotency_key');
  }
}
