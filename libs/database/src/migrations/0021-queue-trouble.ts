import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A queue remembers why the last hand-over to it failed, so that every replica and the doctor can say it. */
export class QueueTrouble1700000000021 implements MigrationInterface {
  name = 'QueueTrouble1700000000021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE queues ADD trouble text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE queues DROP trouble');
  }
}
