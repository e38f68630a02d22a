import type { DataSource } from 'typeorm';
import { MitoError } from '@mitosis/domain';
import type { QueuePublisher } from '@mitosis/queue';
import { queueTitle } from '../groups/queue-title.js';
import { describeStuck, stuckQueues } from '../groups/stuck-queues.js';

interface HoldRow {
  readonly queue: string;
  readonly group: string;
  readonly is_locked: boolean;
  readonly is_group_suspended: boolean;
  readonly is_job_suspended: boolean;
  readonly running_max: number | null;
  readonly running: number;
}

const HOLDS = `
  SELECT t.queue, g.name AS "group", g.state <> 'active' AS is_locked, g.suspended_at IS NOT NULL AS is_group_suspended,
    coalesce(j.suspended_at IS NOT NULL, false) AS is_job_suspended, g.running_tasks_max AS running_max,
    (SELECT count(*)::int FROM tasks r WHERE r.group_id = g.id AND r.state = 'running') AS running
  FROM tasks t JOIN groups g ON g.id = t.group_id LEFT JOIN jobs j ON j.id = t.job_id WHERE t.id = $1`;

/** What keeps a ready task from every worker: a person who holds it back, or a limit of its group. */
export async function heldBack(
  { dataSource, publisher }: { readonly dataSource: DataSource; readonly publisher: QueuePublisher },
  uuid: string,
): Promise<string | undefined> {
  const [row] = (await dataSource.query(HOLDS, [uuid])) as HoldRow[];
  if (row === undefined) return undefined;
  if (row.is_locked) return `the group ${row.group} is locked`;
  if (row.is_group_suspended) return `the group ${row.group} is suspended`;
  if (row.is_job_suspended) return 'its job is suspended';
  if (row.running_max !== null && row.running >= row.running_max) {
    return `the group ${row.group} may run ${row.running_max} tasks at a time, and ${row.running} run`;
  }
  const hold = await queueHold(publisher, row.queue);
  if (hold !== undefined) return hold;
  const [stuck] = await stuckQueues(dataSource, row.queue);
  return stuck && describeStuck(stuck);
}

async function queueHold(publisher: QueuePublisher, queue: string): Promise<string | undefined> {
  try {
    return (await publisher.isPaused(queue)) ? `its queue "${queueTitle(queue)}" is paused on the board` : undefined;
  } catch (error) {
    if (error instanceof MitoError && error.code === 'queue_unavailable')
      return 'the queue server is away: tasks are handed out when it is back';
    throw error;
  }
}
