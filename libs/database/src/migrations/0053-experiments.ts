import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A job that a file describes is known by its name in its group, and each of its tasks by its parameters: the
 * same file, or one that has grown, applied again stores only what is not there.
 */
export class Experiments1700000000053 implements MigrationInterface {
  name = 'Experiments1700000000053';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD experiment text, ADD definition text, ADD definition_format text');
    await runner.query(
      'CREATE UNIQUE INDEX jobs_experiment ON jobs (group_id, experiment) WHERE experiment IS NOT NULL',
    );
    await runner.query(`
      CREATE TABLE experiment_tasks (
        job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        identity text NOT NULL,
        run_hash text NOT NULL,
        task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        PRIMARY KEY (job_id, identity)
      )`);
    await runner.query('CREATE INDEX experiment_tasks_task ON experiment_tasks (task_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE experiment_tasks');
    await runner.query('ALTER TABLE jobs DROP experiment, DROP definition, DROP definition_format');
  }
}
