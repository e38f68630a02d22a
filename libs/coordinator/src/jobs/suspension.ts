import type { DataSource } from 'typeorm';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import type { GroupEvent } from '../events/group-events.js';
import type { JobEvents } from '../events/job-events.js';
import { findGroup } from '../groups/find-group.js';
import type { Channel } from '../kernel/channel.js';
import type { JobReader } from './read-jobs.js';

export interface SuspensionDeps {
  readonly dataSource: DataSource;
  readonly reader: JobReader;
  readonly jobEvents: JobEvents;
  readonly groupEvents: Channel<GroupEvent>;
  /** Called with the queues that may have tasks to hand over again. */
  onReady(queues: ReadonlySet<string>): void;
}

/** Rows that one statement puts back. */
const BATCH = 10_000;

/**
 * While a job or a group is suspended nothing of it starts: claims are refused from the commit on, and
 * what was handed over to queues is taken back. What runs already continues.
 */
export class Suspension {
  constructor(private readonly deps: SuspensionDeps) {}

  async suspendJob(actor: UserActor, uuid: string): Promise<void> {
    await this.deps.reader.row(actor, uuid, 'task.manage');
    const { dataSource } = this.deps;
    await this.set('UPDATE jobs SET suspended_at = coalesce(suspended_at, now()) WHERE id = $1', uuid, `job ${uuid}`);
    await dataSource.query(
      `UPDATE tasks SET dispatched_at = NULL WHERE job_id = $1 AND state = 'ready' AND dispatched_at IS NOT NULL`,
      [uuid],
    );
    await this.tell(actor, uuid, 'suspended');
  }

  async resumeJob(actor: UserActor, uuid: string): Promise<void> {
    await this.deps.reader.row(actor, uuid, 'task.manage');
    await this.set('UPDATE jobs SET suspended_at = NULL WHERE id = $1', uuid, `job ${uuid}`);
    this.deps.onReady(await putBackHeld(this.deps.dataSource));
    this.deps.onReady(await this.queuesOf('job_id', uuid));
    await this.tell(actor, uuid, 'resumed');
  }

  async suspendGroup(actor: UserActor, name: string): Promise<void> {
    const { dataSource } = this.deps;
    const { id } = await findGroup(dataSource, actor, name, { action: 'group.manage' });
    await this.set('UPDATE groups SET suspended_at = coalesce(suspended_at, now()) WHERE id = $1', id, `group ${name}`);
    await dataSource.query(
      `UPDATE tasks SET dispatched_at = NULL WHERE group_id = $1 AND state = 'ready' AND dispatched_at IS NOT NULL`,
      [id],
    );
    this.deps.groupEvents.publish({ group: id, change: 'suspended' });
  }

  async resumeGroup(actor: UserActor, name: string): Promise<void> {
    const { id } = await findGroup(this.deps.dataSource, actor, name, { action: 'group.manage' });
    await this.set('UPDATE groups SET suspended_at = NULL WHERE id = $1', id, `group ${name}`);
    this.deps.onReady(await this.queuesOf('group_id', id));
    this.deps.groupEvents.publish({ group: id, change: 'resumed' });
  }

  private async tell(actor: UserActor, job: string, change: 'suspended' | 'resumed'): Promise<void> {
    const { reader, jobEvents } = this.deps;
    const { group_id: group } = await reader.row(actor, job);
    const { state } = await reader.get(actor, job);
    jobEvents.publish({ job, group, change, state });
  }

  private async set(sql: string, id: string, object: string): Promise<void> {
    await this.deps.dataSource.transaction(async (tx) => {
      await tx.query(sql, [id]);
      await recordRequest(tx, object);
    });
  }

  /** The queues with ready tasks; tasks that were handed over while the suspension began are handed over again. */
  private async queuesOf(column: 'job_id' | 'group_id', id: string): Promise<Set<string>> {
    await this.deps.dataSource.query(
      `UPDATE tasks SET dispatched_at = NULL WHERE ${column} = $1 AND state = 'ready' AND dispatched_at IS NOT NULL`,
      [id],
    );
    const rows = (await this.deps.dataSource.query(
      `SELECT DISTINCT queue FROM tasks WHERE ${column} = $1 AND state = 'ready'`,
      [id],
    )) as { queue: string }[];
    return new Set(rows.map(({ queue }) => queue));
  }
}

/**
 * Gives tasks back to the dispatcher that were set aside for a suspension which is over; returns their
 * queues. Also called now and then, for what a crash has left.
 */
export async function putBackHeld(dataSource: DataSource): Promise<Set<string>> {
  const queues = new Set<string>();
  for (;;) {
    const [rows] = (await dataSource.query(
      `UPDATE tasks SET is_held = false WHERE id IN (
         SELECT t.id FROM tasks t JOIN jobs j ON j.id = t.job_id
         WHERE t.is_held AND j.suspended_at IS NULL LIMIT ${BATCH} FOR UPDATE OF t SKIP LOCKED)
       RETURNING queue`,
    )) as [{ queue: string }[], number];
    for (const { queue } of rows) queues.add(queue);
    if (rows.length < BATCH) return queues;
  }
}
