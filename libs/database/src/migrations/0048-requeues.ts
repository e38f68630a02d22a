import type { MigrationInterface, QueryRunner } from 'typeorm';

/** After which ends a task is to be run again, how often, and how often it was. */
export class Requeues1700000000048 implements MigrationInterface {
  name = 'Requeues1700000000048';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE tasks
        ADD requeue_on jsonb NOT NULL DEFAULT '[]',
        ADD requeues_max integer NOT NULL DEFAULT 100,
        ADD requeues integer NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tasks DROP requeue_on, DROP requeues_max, DROP requeues');
  }
}
