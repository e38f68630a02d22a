import type { DataSource } from 'typeorm';
import type { Finding } from '@mitosis/domain';
import { describeStuck, stuckQueues } from '../groups/stuck-queues.js';
import { failure, ok, reasonOf, warning } from './check.js';

const NAMED_MAX = 10;

/** Looks for queues that do not move although a worker is free. Never throws. */
export async function checkQueues(dataSource: DataSource): Promise<Finding[]> {
  try {
    const [table] = (await dataSource.query(
      `SELECT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()
         AND table_name = 'queues' AND column_name = 'trouble') AS exists`,
    )) as [{ exists: boolean }];
    if (!table.exists) return [];
    const stuck = await stuckQueues(dataSource);
    if (stuck.length === 0) return [ok('queues.moving', 'no queue waits for nothing')];
    return stuck
      .slice(0, NAMED_MAX)
      .map((one) =>
        failure(
          'queues.moving',
          describeStuck(one),
          `see "mito tasks explain ${one.task}" and the log of the coordinator; restart the worker, or cancel the task`,
        ),
      );
  } catch (error) {
    return [warning('queues.moving', `the queues are not known: ${reasonOf(error)}`, 'see the log of the server')];
  }
}
