import type { DataSource, EntityManager } from 'typeorm';
import type { CancelAnswer } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import type { WorkloadEvents } from '../events/workload-events.js';
import type { SettledTask } from '../kernel/settled-task.js';
import type { TellWorker } from '../kernel/tell-worker.js';
import { inTransaction } from '../kernel/transaction.js';
import { cancelOpen } from './cancel-open.js';
import type { WorkloadReader } from './read-workloads.js';

export interface CancelWorkloadDeps {
  readonly dataSource: DataSource;
  readonly reader: WorkloadReader;
  readonly channels: TellWorker;
  readonly events: WorkloadEvents;
  /** Called after the commit. */
  onSettled(settled: readonly SettledTask[]): void;
}

/** From here on no step of it makes another one. */
async function endWorkload(tx: EntityManager, uuid: string, message: string): Promise<void> {
  await tx.query(
    `UPDATE workloads SET state = 'cancelled', message = $2, finished_at = clock_timestamp() WHERE id = $1
      AND finished_at IS NULL`,
    [uuid, message],
  );
  await recordRequest(tx, `workload ${uuid}`, { message });
}

/**
 * Ends a workload that is not over, and then its tasks: a crash in between is made good by the reconciler.
 * Counts the tasks that were waiting and those that their workers end; zeros when nothing was open.
 */
export function cancelWorkloadWith({ dataSource, reader, channels, events, onSettled }: CancelWorkloadDeps) {
  return async (actor: UserActor, uuid: string, reason: string | undefined): Promise<CancelAnswer> => {
    await reader.check(actor, uuid, 'task.cancel');
    const message = `cancelled by ${actor.username}${reason === undefined ? '' : `: ${reason}`}`;
    await inTransaction(dataSource, (tx) => endWorkload(tx, uuid, message));
    // In a transaction of its own: reports lock their tasks first and then the workload.
    const options = { message, by: actor.userId, locked: 'wait' } as const;
    const { settled, running } = await inTransaction(dataSource, (tx) => cancelOpen(tx, uuid, options));
    for (const { worker, ...attempt } of running) channels.send(worker, { type: 'cancel', attempt, reason: message });
    onSettled(settled);
    events.publish([uuid]);
    return { cancelled: settled.filter(({ workload }) => workload === uuid).length, requested: running.length };
  };
}
