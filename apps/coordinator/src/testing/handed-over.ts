import { randomUUID } from 'node:crypto';
import type { ClaimedTask } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import { connectWorker, reportOf, type CoordinatorFixture } from './coordinator-fixture.js';

/** The tasks among `uuids` that were let through and handed to their queue, in their order, once there are `count`. */
export async function handedOver(
  { database }: CoordinatorFixture,
  uuids: readonly string[],
  count: number,
): Promise<string[]> {
  return eventually(
    async () => {
      const rows = (await database.query(
        `SELECT id FROM tasks WHERE id = ANY ($1) AND (state = 'running' OR dispatched_at IS NOT NULL) ORDER BY seq`,
        [uuids],
      )) as { id: string }[];
      return rows.length === count ? rows.map(({ id }) => id) : undefined;
    },
    { message: `${count} tasks to be handed over` },
  );
}

/** A worker takes this task; throws when it is refused. */
export async function claim(coordinator: CoordinatorFixture, task: string): Promise<ClaimedTask> {
  const [claimed] = await (await connectWorker(coordinator)).claim([{ task, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  return claimed;
}

export async function end(coordinator: CoordinatorFixture, claimed: ClaimedTask, exitCode = 0): Promise<void> {
  await (await connectWorker(coordinator)).report([reportOf(claimed, exitCode)]);
}
