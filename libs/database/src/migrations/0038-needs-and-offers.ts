import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tasks need, what workers offer, and which attempt holds what of a machine. */
export class NeedsAndOffers1700000000038 implements MigrationInterface {
  name = 'NeedsAndOffers1700000000038';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tasks ADD needs jsonb');
    await runner.query('ALTER TABLE attempts ADD assigned jsonb');
    await runner.query(`
      ALTER TABLE workers ADD machine text, ADD place text, ADD offer jsonb, ADD enforces jsonb,
        ADD is_shared boolean NOT NULL DEFAULT false`);
    await runner.query('CREATE INDEX workers_machine ON workers (machine) WHERE machine IS NOT NULL');
    await runner.query('DROP INDEX tasks_waiting');
    await runner.query(`
      CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, seq)
      WHERE state = 'ready' AND dispatched_at IS NULL AND NOT is_held AND NOT is_gated AND needs IS NULL`);
    await runner.query(`
      CREATE INDEX tasks_to_place ON tasks (group_id, priority DESC, seq)
      WHERE state = 'ready' AND needs IS NOT NULL AND NOT is_held AND NOT is_gated`);
    await runner.query(`
      CREATE TABLE holdings (
        task_id uuid NOT NULL,
        attempt integer NOT NULL,
        worker_id uuid NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
        machine text NOT NULL,
        place text NOT NULL,
        assigned jsonb NOT NULL,
        since timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (task_id, attempt),
        FOREIGN KEY (task_id, attempt) REFERENCES attempts (task_id, number) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX holdings_machine ON holdings (machine)');
    await runner.query(`
      CREATE TABLE held_units (
        machine text NOT NULL,
        unit text NOT NULL,
        task_id uuid NOT NULL,
        attempt integer NOT NULL,
        thousandths integer NOT NULL CHECK (thousandths BETWEEN 1 AND 1000),
        PRIMARY KEY (machine, unit, task_id, attempt),
        FOREIGN KEY (task_id, attempt) REFERENCES holdings (task_id, attempt) ON DELETE CASCADE
      )`);
    await runner.query('CREATE UNIQUE INDEX held_units_whole ON held_units (machine, unit) WHERE thousandths = 1000');
    await runner.query('CREATE INDEX held_units_attempt ON held_units (task_id, attempt)');
    await runner.query(`
      CREATE TABLE reservations (
        worker_id uuid PRIMARY KEY REFERENCES workers (id) ON DELETE CASCADE,
        task_id uuid NOT NULL UNIQUE REFERENCES tasks (id) ON DELETE CASCADE,
        since timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE reservations, held_units, holdings');
    await runner.query('DROP INDEX tasks_to_place');
    await runner.query('DROP INDEX tasks_waiting');
    await runner.query(`
      CREATE INDEX tasks_waiting ON tasks (queue, priority DESC, seq)
      WHERE state = 'ready' AND dispatched_at IS NULL AND NOT is_held AND NOT is_gated`);
    await runner.query('ALTER TABLE workers DROP machine, DROP place, DROP offer, DROP enforces, DROP is_shared');
    await runner.query('ALTER TABLE attempts DROP assigned');
    await runner.query('ALTER TABLE tasks DROP needs');
  }
}
