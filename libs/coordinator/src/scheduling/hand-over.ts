import type { DataSource } from 'typeorm';
import { cutText, oneLine, type Log } from '@mitosis/domain';
import type { Delivery, QueuePublisher, RefusedDelivery } from '@mitosis/queue';
import type { SettledTask } from '../kernel/settled-task.js';
import { stateAfter } from '../kernel/task-state-sql.js';
import { inTransaction } from '../kernel/transaction.js';
import { indexFailures } from '../tasks/index-failures.js';
import { settleDependents } from '../tasks/settle-dependents.js';

export interface HandOverDeps {
  readonly dataSource: DataSource;
  readonly publisher: QueuePublisher;
  readonly log: Log;
  /** Called after a commit that ended tasks. */
  onSettled(settled: readonly SettledTask[]): void;
}

const TROUBLE_MAX = 1000;

const FAIL = `
  UPDATE tasks t SET state = ${stateAfter('fail')}, reason = 'undeliverable', message = e.message, dispatched_at = NULL,
    finished_at = clock_timestamp()
  FROM unnest($1::uuid[], $2::int[], $3::text[]) AS e(id, dispatch, message)
  WHERE t.id = e.id AND t.dispatch = e.dispatch AND t.state = 'ready'
  RETURNING t.id AS task, t.state, t.queue, t.group_id AS "group", t.job_id AS job, t.attempt`;

interface FailedRow extends Omit<SettledTask, 'delayMs'> {
  readonly attempt: number;
}

/**
 * Puts tasks on their queue, whatever the queue thinks of single ones: a task that the queue refuses while it
 * takes others ends as `undeliverable`, with what the queue said, and the rest continues. Why a whole hand-over
 * failed is kept with the queue, where `explain` and the doctor find it.
 */
export class HandOver {
  /** Queues whose last hand-over failed; one that is not in here may have failed in another process. */
  private readonly known = new Map<string, string | null>();

  constructor(private readonly deps: HandOverDeps) {}

  /** Throws what the publisher throws: the deliveries are then tried again by the next sweep. */
  async publish(queue: string, deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    try {
      const refused = await this.deps.publisher.publish(queue, deliveries);
      if (refused.length > 0) await this.fail(queue, refused);
    } catch (error) {
      await this.remember(queue, error instanceof Error ? error.message : String(error));
      throw error;
    }
    await this.remember(queue, null);
  }

  private async fail(queue: string, refused: readonly RefusedDelivery[]): Promise<void> {
    const { dataSource, log, onSettled } = this.deps;
    const messages = refused.map(({ reason }) => cutText(`its queue refuses it: ${oneLine(reason)}`, TROUBLE_MAX));
    const settled = await inTransaction(dataSource, async (tx) => {
      const ids = refused.map(({ delivery }) => delivery.taskId);
      const numbers = refused.map(({ delivery }) => delivery.dispatch);
      const [rows] = (await tx.query(FAIL, [ids, numbers, messages])) as [FailedRow[], number];
      const failed = rows.map(({ attempt, ...row }) => ({ ...row, delayMs: 0, hasStarted: attempt > 0 }));
      await indexFailures(
        tx,
        failed.map(({ task }) => task),
      );
      const reached = failed.map(({ task, state, hasStarted, job }) => ({ id: task, state, hasStarted, job }));
      return [...failed, ...(await settleDependents(tx, reached))];
    });
    for (const { delivery, reason } of refused)
      log.error({ queue, task: delivery.taskId, reason }, 'a queue refuses a task, which has failed');
    onSettled(settled);
  }

  /** Best effort: what can't be kept is in the log of the caller as well. */
  private async remember(queue: string, trouble: string | null): Promise<void> {
    if (this.known.get(queue) === trouble) return;
    const text = trouble === null ? null : cutText(oneLine(trouble), TROUBLE_MAX);
    try {
      const sql = 'UPDATE queues SET trouble = $2 WHERE name = $1 AND trouble IS DISTINCT FROM $2';
      await this.deps.dataSource.query(sql, [queue, text]);
      this.known.set(queue, trouble);
    } catch (error) {
      this.deps.log.debug({ err: error, queue }, 'the trouble of a queue was not kept');
    }
  }
}
