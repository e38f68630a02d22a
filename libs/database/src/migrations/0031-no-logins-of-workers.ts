import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Workers have no logins to the database any more: what they could call goes, and the logins with it. One that owns
 * something in another database can't be dropped; it may do nothing and no longer log in.
 */
export class NoLoginsOfWorkers1700000000031 implements MigrationInterface {
  name = 'NoLoginsOfWorkers1700000000031';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DO $$
      DECLARE own record;
      BEGIN
        IF to_regclass('bullmq_worker.worker_login') IS NULL THEN RETURN; END IF;
        FOR own IN SELECT r.rolname AS name FROM pg_roles r
          JOIN bullmq_worker.worker_login l ON l.login = r.rolname LOOP
          BEGIN
            EXECUTE format('DROP OWNED BY %I', own.name);
            EXECUTE format('DROP ROLE %I', own.name);
          EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'the login % of a worker was not dropped: %', own.name, SQLERRM;
            EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', own.name);
          END;
        END LOOP;
      END $$`);
    await runner.query('DROP SCHEMA IF EXISTS bullmq_worker CASCADE');
  }

  /** The earlier version makes its schema and its logins when it starts. */
  async down(): Promise<void> {}
}
