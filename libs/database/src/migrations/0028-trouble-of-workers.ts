import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keeps what a worker says of itself when it can't work: what is in the way, and since when. */
export class TroubleOfWorkers1700000000028 implements MigrationInterface {
  name = 'TroubleOfWorkers1700000000028';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE workers ADD trouble text, ADD trouble_since timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE workers DROP trouble, DROP trouble_since');
  }
}
