import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Until when a worker's credential is good, so that one that has vanished does not keep its access to the queues. */
export class WorkerCredentials1700000000009 implements MigrationInterface {
  name = 'WorkerCredentials1700000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE workers ADD credential_expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours'`,
    );
    await runner.query(
      `CREATE INDEX workers_by_credential_end ON workers (credential_expires_at) WHERE state = 'active'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE workers DROP credential_expires_at');
  }
}
