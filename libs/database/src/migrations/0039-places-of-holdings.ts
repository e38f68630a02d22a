import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a worker frees of its folder is looked up by it, and waiting tasks by what they need. */
export class PlacesOfHoldings1700000000039 implements MigrationInterface {
  name = 'PlacesOfHoldings1700000000039';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX holdings_place ON holdings (place)');
    await runner.query(`
      CREATE INDEX tasks_by_needs ON tasks (group_id, md5(needs::text), priority DESC, seq)
      WHERE state = 'ready' AND needs IS NOT NULL AND NOT is_held AND NOT is_gated`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX tasks_by_needs');
    await runner.query('DROP INDEX holdings_place');
  }
}
