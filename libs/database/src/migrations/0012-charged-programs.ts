import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The bytes of programs are objects like any others: charged to their group, and collected. */
export class ChargedPrograms1700000000012 implements MigrationInterface {
  name = 'ChargedPrograms1700000000012';

  async up(runner: QueryRunner): Promise<void> {
    await setPurposes(runner, ['artifact', 'output', 'attachment', 'program']);
    await runner.query('DROP INDEX objects_orphaned');
    await runner.query(`
      CREATE INDEX objects_orphaned ON objects (key)
      WHERE state = 'stored' AND purpose IN ('artifact', 'output') AND task_id IS NULL`);
    // Until now the groups shared the bytes of a program: they are charged to the first one.
    await runner.query(`
      INSERT INTO objects
        (key, id, group_id, state, purpose, name, creator_id, size_bytes, sha256, usable_until, stored_at)
      SELECT DISTINCT ON (sha256) 'p/' || sha256, gen_random_uuid(), group_id, 'stored', 'program', name,
        creator_id, size_bytes, sha256, now(), now()
      FROM programs ORDER BY sha256, created_at`);
    await runner.query(`
      UPDATE groups g SET storage_used_bytes = storage_used_bytes + o.bytes
      FROM (SELECT group_id, sum(size_bytes) AS bytes FROM objects WHERE purpose = 'program' GROUP BY group_id) o
      WHERE o.group_id = g.id`);
    await runner.query(
      `ALTER TABLE programs ADD object_key text COLLATE "C" REFERENCES objects (key),
       ADD used_at timestamptz NOT NULL DEFAULT now()`,
    );
    await runner.query(`UPDATE programs SET object_key = 'p/' || sha256`);
    await runner.query('ALTER TABLE programs ALTER object_key SET NOT NULL');
    await runner.query('CREATE INDEX programs_object ON programs (object_key)');
    await runner.query('CREATE INDEX programs_used ON programs (used_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE programs DROP object_key, DROP used_at');
    await runner.query(`
      UPDATE groups g SET storage_used_bytes = storage_used_bytes - o.used,
        storage_reserved_bytes = storage_reserved_bytes - o.reserved
      FROM (SELECT group_id, coalesce(sum(size_bytes) FILTER (WHERE state = 'stored'), 0) AS used,
              coalesce(sum(size_bytes) FILTER (WHERE state = 'reserved'), 0) AS reserved
            FROM objects WHERE purpose = 'program' GROUP BY group_id) o
      WHERE o.group_id = g.id`);
    await runner.query(`DELETE FROM objects WHERE purpose = 'program'`);
    await runner.query('DROP INDEX objects_orphaned');
    await runner.query(`
      CREATE INDEX objects_orphaned ON objects (key)
      WHERE state = 'stored' AND purpose <> 'attachment' AND task_id IS NULL`);
    await setPurposes(runner, ['artifact', 'output', 'attachment']);
  }
}

async function setPurposes(runner: QueryRunner, purposes: readonly string[]): Promise<void> {
  await runner.query('ALTER TABLE objects DROP CONSTRAINT objects_purpose_check');
  const list = purposes.map((purpose) => `'${purpose}'`).join(', ');
  await runner.query(`ALTER TABLE objects ADD CONSTRAINT objects_purpose_check CHECK (purpose IN (${list}))`);
}
