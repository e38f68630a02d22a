import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Group, tags and priority are searched beside the tasks, too (docs/decisions/0009). The table is written
 * anew in the order of `seq`: an update of every row would leave it in any order, and the newest tasks are
 * read in order.
 */
export class SearchByAllThatIsSubmitted1700000000013 implements MigrationInterface {
  name = 'SearchByAllThatIsSubmitted1700000000013';

  async up(runner: QueryRunner): Promise<void> {
    // Some 20 s for a million tasks.
    await runner.query('SET LOCAL statement_timeout = 0');
    await runner.query('LOCK TABLE task_search IN ACCESS EXCLUSIVE MODE');
    await runner.query(`
      CREATE TABLE next_task_search AS
      SELECT s.seq, s.task_id, t.group_id, s.creator_id, s.job_id, s.name, t.tags, s.labels,
        t.priority, s.created_at, s.words
      FROM task_search s JOIN tasks t ON t.id = s.task_id ORDER BY s.seq`);
    await runner.query('DROP TABLE task_search');
    await runner.query('ALTER TABLE next_task_search RENAME TO task_search');
    await this.constrain(runner);
    await this.index(runner);
    await runner.query('ANALYZE task_search');
  }

  private async constrain(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE task_search
        ADD CONSTRAINT task_search_pkey PRIMARY KEY (seq),
        ALTER task_id SET NOT NULL, ALTER group_id SET NOT NULL, ALTER creator_id SET NOT NULL, ALTER name SET NOT NULL,
        ALTER tags SET NOT NULL, ALTER labels SET NOT NULL, ALTER priority SET NOT NULL,
        ALTER created_at SET NOT NULL, ALTER created_at SET DEFAULT now(), ALTER words SET NOT NULL,
        ADD CONSTRAINT task_search_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE`);
  }

  private async index(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE UNIQUE INDEX task_search_task ON task_search (task_id)');
    await runner.query('CREATE INDEX task_search_creator ON task_search (creator_id, seq DESC)');
    await runner.query('CREATE INDEX task_search_job ON task_search (job_id, seq DESC) WHERE job_id IS NOT NULL');
    await runner.query('CREATE INDEX task_search_name ON task_search (name, seq DESC)');
    await runner.query('CREATE INDEX task_search_priority ON task_search (priority, seq DESC)');
    await runner.query('CREATE INDEX task_search_labels ON task_search USING gin (labels)');
    await runner.query('CREATE INDEX task_search_tags ON task_search USING gin (tags)');
    await runner.query('CREATE INDEX task_search_words ON task_search USING gin (words)');
    await runner.query('CREATE INDEX task_search_created ON task_search (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE task_search DROP group_id, DROP tags, DROP priority');
  }
}
