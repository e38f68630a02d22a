import type { DataSource } from 'typeorm';
import type { FromWorker } from '@mitosis/protocol';
import type { TaskEvent, TaskEvents } from '../events/task-events.js';
import { holdsLease } from '../kernel/lease.js';

export type ProgressReports = Extract<FromWorker, { type: 'progress' }>['reports'];

/**
 * Keeps what running tasks say of themselves, fenced like any write of an attempt, and tells whoever
 * listens. A hint: the commit need not reach the disk, the next report says it again.
 */
export async function storeProgress(hints: DataSource, events: TaskEvents, reports: ProgressReports): Promise<void> {
  const [rows] = (await hints.query(
    `UPDATE tasks t SET progress = r.value, progress_message = r.message
     FROM jsonb_to_recordset($1::jsonb) AS r(task uuid, attempt int, lease uuid, value real, message text)
     JOIN attempts a ON ${holdsLease('r.task', 'r.attempt', 'r.lease')}
     WHERE t.id = r.task AND t.state = 'running'
     RETURNING t.id AS task, t.state, t.group_id AS group, t.job_id AS job, t.progress, t.progress_message AS message`,
    [JSON.stringify(reports)],
  )) as [TaskEvent[], number];
  events.publish(rows);
}
