import type { MigrationInterface, QueryRunner } from 'typeorm';

const PURPOSES = ['artifact', 'output', 'attachment', 'program', 'code'];

/** States of their checkpoint folders that tasks start with again. */
export class Checkpoints1700000000049 implements MigrationInterface {
  name = 'Checkpoints1700000000049';

  async up(runner: QueryRunner): Promise<void> {
    await setPurposes(runner, [...PURPOSES, 'checkpoint']);
    await runner.query(`
      CREATE TABLE checkpoints (
        task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        attempt integer NOT NULL,
        number integer NOT NULL,
        object_key text COLLATE "C" NOT NULL REFERENCES objects (key),
        size_bytes bigint NOT NULL,
        sha256 text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (task_id, attempt, number)
      )`);
    await runner.query('CREATE INDEX checkpoints_object ON checkpoints (object_key)');
    await runner.query(
      `CREATE INDEX objects_checkpoints ON objects (key) WHERE state = 'stored' AND purpose = 'checkpoint'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX objects_checkpoints');
    await runner.query('DROP TABLE checkpoints');
    await runner.query(`
      UPDATE groups g SET storage_used_bytes = storage_used_bytes - o.used,
        storage_reserved_bytes = storage_reserved_bytes - o.reserved
      FROM (SELECT group_id, coalesce(sum(size_bytes) FILTER (WHERE state = 'stored'), 0) AS used,
              coalesce(sum(size_bytes) FILTER (WHERE state = 'reserved'), 0) AS reserved
            FROM objects WHERE purpose = 'checkpoint' GROUP BY group_id) o WHERE o.group_id = g.id`);
    await runner.query(`DELETE FROM objects WHERE purpose = 'checkpoint'`);
    await setPurposes(runner, PURPOSES);
  }
}

async function setPurposes(runner: QueryRunner, purposes: readonly string[]): Promise<void> {
  await runner.query('ALTER TABLE objects DROP CONSTRAINT objects_purpose_check');
  const list = purposes.map((purpose) => `'${purpose}'`).join(', ');
  await runner.query(`ALTER TABLE objects ADD CONSTRAINT objects_purpose_check CHECK (purpose IN (${list}))`);
}
