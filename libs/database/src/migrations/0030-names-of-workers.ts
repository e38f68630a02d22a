import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A worker keeps its name and its row over restarts: it proves with a secret of its own which one it is. */
export class NamesOfWorkers1700000000030 implements MigrationInterface {
  name = 'NamesOfWorkers1700000000030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE workers ADD COLUMN name text, ADD COLUMN identity_hash bytea,
        ADD COLUMN connection text NOT NULL DEFAULT 'coordinator',
        ADD COLUMN started_at timestamptz NOT NULL DEFAULT now()`);
    await runner.query(`
      UPDATE workers w SET started_at = registered_at,
        name = CASE WHEN r.place = 1 THEN w.hostname ELSE w.hostname || '-' || right(w.id::text, 12) END
      FROM (SELECT id, row_number() OVER (PARTITION BY hostname ORDER BY state, id DESC) AS place FROM workers) r
      WHERE r.id = w.id`);
    await runner.query('ALTER TABLE workers ALTER COLUMN name SET NOT NULL');
    await runner.query(`CREATE UNIQUE INDEX workers_name ON workers (name) WHERE state = 'active'`);
    await runner.query('CREATE UNIQUE INDEX workers_identity ON workers (identity_hash)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workers DROP COLUMN name, DROP COLUMN identity_hash, DROP COLUMN connection,
      DROP COLUMN started_at`);
  }
}
