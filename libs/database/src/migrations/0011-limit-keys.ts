import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Limits by key: a ready task that is gated waits until as many of its key have ended as it needs. */
export class LimitKeys1700000000011 implements MigrationInterface {
  name = 'LimitKeys1700000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE tasks ADD limits jsonb NOT NULL DEFAULT '{}', ADD is_gated boolean NOT NULL DEFAULT false`,
    );
    await runner.query('DROP INDEX tasks_waiting');
    await runner.query(`
      CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, seq)
      WHERE state = 'ready' AND dispatched_at IS NULL AND NOT is_held AND NOT is_gated`);
    await runner.query(
      `CREATE INDEX tasks_gated ON tasks (group_id, limits, priority DESC, seq)
       WHERE state = 'ready' AND is_gated AND NOT is_held`,
    );
    await runner.query(
      `CREATE INDEX tasks_limited ON tasks (group_id)
       WHERE limits <> '{}' AND NOT is_gated AND state IN ('ready', 'running')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX tasks_waiting');
    await runner.query(`
      CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, seq)
      WHERE state = 'ready' AND dispatched_at IS NULL AND NOT is_held`);
    await runner.query('ALTER TABLE tasks DROP limits, DROP is_gated');
  }
}
