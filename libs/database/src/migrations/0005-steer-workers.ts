import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people want of a worker, kept so that it survives a reconnect and counts for claims. */
export class SteerWorkers1700000000005 implements MigrationInterface {
  name = 'SteerWorkers1700000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE workers ADD wanted text NOT NULL DEFAULT 'run'
        CHECK (wanted IN ('run', 'drain', 'stop', 'stop_now'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE workers DROP wanted');
  }
}
