import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is told, and the messages: each stays in the outbox until its receiver has taken it. */
export class Receivers1700000000034 implements MigrationInterface {
  name = 'Receivers1700000000034';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE receivers (
        id uuid PRIMARY KEY,
        user_id uuid REFERENCES users (id) ON DELETE CASCADE,
        group_id uuid REFERENCES groups (id) ON DELETE CASCADE,
        name text NOT NULL,
        kind text NOT NULL,
        shown text NOT NULL,
        sealed bytea NOT NULL,
        events text[] NOT NULL DEFAULT '{}',
        stuck_after_ms bigint,
        per_hour int NOT NULL,
        is_paused boolean NOT NULL DEFAULT false,
        failures int NOT NULL DEFAULT 0,
        trouble text,
        retry_at timestamptz NOT NULL DEFAULT now(),
        leased_until timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT receivers_one_owner CHECK ((user_id IS NULL) <> (group_id IS NULL)),
        UNIQUE (user_id, name),
        UNIQUE (group_id, name)
      )`);
    await runner.query(`
      CREATE TABLE messages (
        seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        id uuid PRIMARY KEY,
        receiver_id uuid NOT NULL REFERENCES receivers (id) ON DELETE CASCADE,
        event text NOT NULL,
        subject_id uuid,
        group_id uuid,
        title text NOT NULL,
        content jsonb NOT NULL,
        payload text,
        state text NOT NULL DEFAULT 'waiting',
        attempts int NOT NULL DEFAULT 0,
        status text,
        created_at timestamptz NOT NULL DEFAULT now(),
        attempted_at timestamptz
      )`);
    await runner.query(
      `CREATE INDEX messages_waiting ON messages (receiver_id, attempts, seq) WHERE state = 'waiting'`,
    );
    await runner.query('CREATE INDEX messages_of_receiver ON messages (receiver_id, seq)');
    await runner.query('CREATE INDEX messages_created ON messages (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE messages');
    await runner.query('DROP TABLE receivers');
  }
}
