import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Idempotency keys and logins are removed by age, so their age is looked up. */
export class WhatExpires1700000000029 implements MigrationInterface {
  name = 'WhatExpires1700000000029';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)');
    await runner.query('CREATE INDEX sessions_expires ON sessions (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX sessions_expires');
    await runner.query('DROP INDEX idempotency_keys_created');
  }
}
