import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How busy the machine of a worker is, as its last heartbeat said. */
export class WorkerLoad1700000000007 implements MigrationInterface {
  name = 'WorkerLoad1700000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE workers ADD free_slots integer, ADD cpu_load real, ADD memory_used_bytes bigint,
        ADD memory_total_bytes bigint`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE workers DROP free_slots, DROP cpu_load, DROP memory_used_bytes, DROP memory_total_bytes',
    );
  }
}
