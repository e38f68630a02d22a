import type { DataSource } from 'typeorm';
import type { TaskLimits } from '@mitosis/domain';
import type { SubmitTask, TaskReceipt } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import type { UnpackableInputs } from '../files/unpackable-inputs.js';
import { inTransaction } from '../kernel/transaction.js';
import { acceptTasks, type Accepted } from './accept-tasks.js';
import { once } from './idempotency.js';
import { tasksAsObject } from './tasks-as-object.js';

export interface SubmitTasksDeps {
  readonly dataSource: DataSource;
  readonly inputs: UnpackableInputs;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  /** Called after the commit. */
  onAccepted(accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>): void;
}

export type SubmitTasks = (
  actor: UserActor,
  tasks: readonly SubmitTask[],
  idempotencyKey?: string,
) => Promise<TaskReceipt[]>;

/**
 * Stores tasks, all of them or none. When it returns they are committed: from here on no task is
 * lost. With an idempotency key the same request may be sent any number of times.
 */
export function submitTasksWith({ dataSource, inputs, limits, onAccepted }: SubmitTasksDeps): SubmitTasks {
  return async (actor, tasks, key) => {
    const outcome = await inTransaction(dataSource, (tx) =>
      once(
        tx,
        { userId: actor.userId, key, operation: 'tasks', request: { tasks } },
        async () => {
          await inputs.check(tx, actor, tasks);
          const accepted = await acceptTasks(tx, actor, tasks, { limits, upstream: actor.task });
          await recordRequest(tx, ...tasksAsObject(accepted.receipts.map(({ uuid }) => uuid)));
          return accepted;
        },
        ({ receipts }) => receipts,
      ),
    );
    if ('earlier' in outcome) return outcome.earlier as TaskReceipt[];
    onAccepted(outcome.result);
    return outcome.result.receipts;
  };
}
