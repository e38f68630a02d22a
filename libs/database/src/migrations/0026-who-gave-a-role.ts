import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Remembers who gave a group its role on a worker: the worker serves the group as long as that person may write
 * there. Of the roles given before, nobody knows who gave them; the creator of the worker stands for them.
 */
export class WhoGaveARole1700000000026 implements MigrationInterface {
  name = 'WhoGaveARole1700000000026';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE worker_groups ADD granted_by uuid REFERENCES users (id)');
    await runner.query(
      `UPDATE worker_groups s SET granted_by = w.creator_id FROM workers w
       WHERE w.id = s.worker_id AND s.granted_by IS NULL`,
    );
    // A coordinator that is older than this, beside newer ones during an upgrade, does not name who gives a role.
    await runner.query(`
      CREATE FUNCTION worker_groups_giver() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        SELECT creator_id INTO NEW.granted_by FROM workers WHERE id = NEW.worker_id;
        RETURN NEW;
      END $$`);
    await runner.query(`
      CREATE TRIGGER worker_groups_giver BEFORE INSERT ON worker_groups
      FOR EACH ROW WHEN (NEW.granted_by IS NULL) EXECUTE FUNCTION worker_groups_giver()`);
    await runner.query('ALTER TABLE worker_groups ALTER granted_by SET NOT NULL');
    await runner.query('CREATE INDEX worker_groups_granted_by ON worker_groups (granted_by)');
    // What a task may take in: only files of its own group, when somebody else than its creator decided what it runs.
    await runner.query('ALTER TABLE tasks ADD is_confined boolean NOT NULL DEFAULT false');
    await runner.query('CREATE INDEX rate_limits_expire ON rate_limits (expire)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX rate_limits_expire');
    await runner.query('ALTER TABLE tasks DROP is_confined');
    await runner.query('DROP TRIGGER worker_groups_giver ON worker_groups');
    await runner.query('DROP FUNCTION worker_groups_giver()');
    await runner.query('ALTER TABLE worker_groups DROP granted_by');
  }
}
