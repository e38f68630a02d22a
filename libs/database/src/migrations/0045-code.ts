import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Folders of code that tasks start in: lists of files, and packs of their content that several of them share. */
export class Code1700000000045 implements MigrationInterface {
  name = 'Code1700000000045';

  async up(runner: QueryRunner): Promise<void> {
    await setPurposes(runner, ['artifact', 'output', 'attachment', 'program', 'code']);
    await runner.query(`
      CREATE TABLE code_packs (
        group_id uuid NOT NULL REFERENCES groups (id),
        sha256 text NOT NULL,
        stored_sha256 text NOT NULL,
        size_bytes integer NOT NULL,
        object_key text COLLATE "C" NOT NULL REFERENCES objects (key),
        used_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (group_id, sha256)
      )`);
    await runner.query('CREATE INDEX code_packs_object ON code_packs (object_key)');
    await runner.query('CREATE INDEX code_packs_used ON code_packs (used_at)');
    await runner.query(`
      CREATE TABLE code_trees (
        group_id uuid NOT NULL REFERENCES groups (id),
        sha256 text NOT NULL,
        packs text[] NOT NULL,
        used_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (group_id, sha256)
      )`);
    await runner.query('CREATE INDEX code_trees_used ON code_trees (used_at)');
    await runner.query('CREATE INDEX code_trees_packs ON code_trees USING gin (packs)');
    await runner.query(
      `CREATE INDEX tasks_code ON tasks ((spec -> 'code' ->> 'sha256')) WHERE spec -> 'code' ->> 'sha256' IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX tasks_code');
    await runner.query('DROP TABLE code_trees');
    await runner.query('DROP TABLE code_packs');
    await runner.query(`
      UPDATE groups g SET storage_used_bytes = storage_used_bytes - o.used,
        storage_reserved_bytes = storage_reserved_bytes - o.reserved
      FROM (SELECT group_id, coalesce(sum(size_bytes) FILTER (WHERE state = 'stored'), 0) AS used,
              coalesce(sum(size_bytes) FILTER (WHERE state = 'reserved'), 0) AS reserved
            FROM objects WHERE purpose = 'code' GROUP BY group_id) o WHERE o.group_id = g.id`);
    await runner.query(`DELETE FROM objects WHERE purpose = 'code'`);
    await setPurposes(runner, ['artifact', 'output', 'attachment', 'program']);
  }
}

async function setPurposes(runner: QueryRunner, purposes: readonly string[]): Promise<void> {
  await runner.query('ALTER TABLE objects DROP CONSTRAINT objects_purpose_check');
  const list = purposes.map((purpose) => `'${purpose}'`).join(', ');
  await runner.query(`ALTER TABLE objects ADD CONSTRAINT objects_purpose_check CHECK (purpose IN (${list}))`);
}
