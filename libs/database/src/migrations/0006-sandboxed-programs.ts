import type { MigrationInterface, QueryRunner } from 'typeorm';

/** WebAssembly programs, queues and workers for them, and workloads that are split and put together. */
export class SandboxedPrograms1700000000006 implements MigrationInterface {
  name = 'SandboxedPrograms1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE programs (
        group_id uuid NOT NULL REFERENCES groups (id),
        sha256 text NOT NULL,
        name text NOT NULL,
        size_bytes integer NOT NULL,
        imports text[] NOT NULL,
        creator_id uuid NOT NULL REFERENCES users (id),
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (group_id, sha256)
      )`);
    await runner.query(
      `ALTER TABLE queues ADD kind text NOT NULL DEFAULT 'command' CHECK (kind IN ('command', 'wasm'))`,
    );
    await runner.query(`ALTER TABLE workers ADD only_kind text CHECK (only_kind = 'wasm')`);
    await runner.query('ALTER TABLE memberships DROP CONSTRAINT memberships_role_check');
    await runner.query(`
      ALTER TABLE memberships ADD CONSTRAINT memberships_role_check
      CHECK (role IN ('read', 'write-wasm', 'write', 'admin'))`);
    await runner.query(`
      CREATE TABLE workloads (
        id uuid PRIMARY KEY,
        group_id uuid NOT NULL REFERENCES groups (id),
        creator_id uuid NOT NULL REFERENCES users (id),
        name text NOT NULL,
        sha256 text NOT NULL,
        params jsonb NOT NULL,
        plan jsonb NOT NULL,
        is_verified boolean NOT NULL,
        state text NOT NULL DEFAULT 'splitting'
          CHECK (state IN ('splitting', 'mapping', 'reducing', 'completed', 'failed', 'cancelled')),
        subtasks integer,
        subtasks_left integer,
        message text,
        result_task_id uuid,
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz
      )`);
    await runner.query('CREATE INDEX workloads_group ON workloads (group_id, id DESC)');
    await runner.query('CREATE INDEX workloads_open ON workloads (id) WHERE finished_at IS NULL');
    await runner.query('CREATE INDEX workloads_finished ON workloads (finished_at) WHERE finished_at IS NOT NULL');
    await runner.query(`
      ALTER TABLE tasks ADD workload_id uuid REFERENCES workloads (id), ADD workload_index integer,
        ADD workload_step text CHECK (workload_step IN ('split', 'map', 'check', 'reduce')),
        ADD avoid_worker_id uuid`);
    await runner.query(`
      CREATE INDEX tasks_workload ON tasks (workload_id, workload_step, workload_index)
      WHERE workload_id IS NOT NULL`);
    await runner.query('ALTER TABLE attempts ADD stdout_sha256 text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE attempts DROP stdout_sha256');
    await runner.query(
      'ALTER TABLE tasks DROP workload_id, DROP workload_index, DROP workload_step, DROP avoid_worker_id',
    );
    await runner.query('ALTER TABLE memberships DROP CONSTRAINT memberships_role_check');
    await runner.query(`UPDATE memberships SET role = 'read' WHERE role = 'write-wasm'`);
    await runner.query(
      `ALTER TABLE memberships ADD CONSTRAINT memberships_role_check CHECK (role IN ('read', 'write', 'admin'))`,
    );
    await runner.query('ALTER TABLE workers DROP only_kind');
    await runner.query('ALTER TABLE queues DROP kind');
    await runner.query('DROP TABLE workloads, programs');
  }
}
