import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every object of the store has a row in `objects` from before its first byte until after its last:
 * what is reserved, stored or to be collected is known without asking the store. An object whose
 * task is deleted loses its owner with it, which is how the collector finds it.
 */
export class Files1700000000004 implements MigrationInterface {
  name = 'Files1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE groups
        ADD COLUMN storage_quota_bytes bigint NOT NULL DEFAULT 17179869184 CHECK (storage_quota_bytes >= 0),
        ADD COLUMN storage_used_bytes bigint NOT NULL DEFAULT 0,
        ADD COLUMN storage_reserved_bytes bigint NOT NULL DEFAULT 0`);
    await runner.query(`
      CREATE TABLE objects (
        key text COLLATE "C" PRIMARY KEY,
        id uuid NOT NULL UNIQUE,
        group_id uuid NOT NULL REFERENCES groups (id),
        state text NOT NULL CHECK (state IN ('reserved', 'stored', 'garbage')),
        purpose text NOT NULL CHECK (purpose IN ('artifact', 'output', 'attachment')),
        task_id uuid REFERENCES tasks (id) ON DELETE SET NULL,
        attempt integer,
        name text NOT NULL,
        creator_id uuid REFERENCES users (id),
        size_bytes bigint NOT NULL,
        sha256 text,
        upload jsonb,
        usable_until timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        stored_at timestamptz
      )`);
    await runner.query(`CREATE INDEX objects_open ON objects (usable_until) WHERE state <> 'stored'`);
    await runner.query(`CREATE INDEX objects_resumable ON objects (group_id, purpose, name) WHERE state = 'reserved'`);
    await runner.query(`CREATE INDEX objects_task ON objects (task_id) WHERE task_id IS NOT NULL`);
    await runner.query(`
      CREATE INDEX objects_orphaned ON objects (key)
      WHERE state = 'stored' AND purpose <> 'attachment' AND task_id IS NULL`);
    await runner.query(`
      CREATE TABLE attachments (
        group_id uuid NOT NULL REFERENCES groups (id),
        key text COLLATE "C" NOT NULL,
        object_key text COLLATE "C" NOT NULL REFERENCES objects (key),
        size_bytes bigint NOT NULL,
        sha256 text NOT NULL,
        creator_id uuid NOT NULL REFERENCES users (id),
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (group_id, key)
      )`);
    await runner.query('CREATE INDEX attachments_object ON attachments (object_key)');
    await runner.query(`ALTER TABLE attempts ADD COLUMN not_kept jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE attempts DROP COLUMN not_kept');
    await runner.query('DROP TABLE attachments, objects');
    await runner.query(`
      ALTER TABLE groups
        DROP COLUMN storage_quota_bytes, DROP COLUMN storage_used_bytes, DROP COLUMN storage_reserved_bytes`);
  }
}
