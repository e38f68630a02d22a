import type { EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';

const NOTED = 'storedTasks';

/** Says how many tasks this transaction stores; they count when it commits. */
export function noteStored(tx: EntityManager, count: number): void {
  const data = dataOf(tx.queryRunner);
  data[NOTED] = (data[NOTED] ?? 0) + count;
}

/** Tells how many tasks each committed transaction has stored, whoever asked for them. */
export class StoredTasks implements EntitySubscriberInterface {
  constructor(private readonly onStored: (count: number) => void) {}

  afterTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }): void {
    const count = take(queryRunner);
    if (count > 0) this.onStored(count);
  }

  afterTransactionRollback({ queryRunner }: { queryRunner: QueryRunner }): void {
    take(queryRunner);
  }
}

function take(runner: QueryRunner): number {
  const data = dataOf(runner);
  const count = data[NOTED] ?? 0;
  data[NOTED] = 0;
  return count;
}

/** What TypeORM keeps for whoever uses a connection. */
function dataOf(runner: QueryRunner | undefined): Record<string, number> {
  if (!runner) throw new Error('tasks are stored in transactions only');
  return runner.data as Record<string, number>;
}
