import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import type { Log } from '@mitosis/domain';
import { AttemptLease, bareReport, type AttemptReport, type ClaimedTask } from '@mitosis/protocol';
import type { DeskHooks, DeskJob, RemoteJob } from '@mitosis/queue';
import type { ClaimRequest } from '../attempts/claim-tasks.js';

export interface WorkerDeliveriesDeps {
  readonly dataSource: DataSource;
  claimTasks(worker: { readonly workerId: string }, claims: readonly ClaimRequest[]): Promise<ClaimedTask[]>;
  commitReports(reports: readonly AttemptReport[]): Promise<unknown>;
  readonly log: Log;
}

interface OpenedRow {
  readonly task: string;
  readonly request: string;
  readonly queue: string;
  readonly dispatch: number;
  readonly priority: number;
}

/** Of whatever was opened, what identifies it. */
const Lease = AttemptLease.strip();

/** What a worker was given for these requests and has not ended. */
const OPENED = `
  SELECT t.id AS task, a.claim_request AS request, t.queue, t.dispatch, t.priority FROM attempts a
  JOIN tasks t ON t.id = a.task_id AND t.attempt = a.number AND t.state = 'running'
  WHERE a.worker_id = $1 AND a.ended_at IS NULL AND a.claim_request = ANY ($2::uuid[])`;

/**
 * Couples what the queues deliver to workers with the claim: a job that is taken for a worker goes to it as an
 * attempt, opened with the token of the worker as the request. So a token is used at most once, whichever replicas
 * the worker was connected to, and what was opened for it can be sent again.
 */
export function workerDeliveries({ dataSource, claimTasks, commitReports, log }: WorkerDeliveriesDeps): DeskHooks {
  return {
    open: async (workerId, jobs) => {
      const claims = jobs.filter(isClaimable).map(({ delivery, token }) => ({ task: delivery.taskId, request: token }));
      const claimed = claims.length === 0 ? [] : await claimTasks({ workerId }, claims);
      return new Map(claimed.map((task) => [task.request, task]));
    },
    reopen: async (workerId, tokens) => {
      const rows = (await dataSource.query(OPENED, [workerId, tokens])) as OpenedRow[];
      if (rows.length === 0) return [];
      const claimed = await claimTasks({ workerId }, rows);
      return rows.flatMap((row) => {
        const attempt = claimed.find(({ request }) => request === row.request);
        return attempt ? [toJob(row, attempt)] : [];
      });
    },
    giveBack: async (workerId, attempt) => {
      const lease = Lease.safeParse(attempt);
      if (!lease.success) return 'kept';
      log.debug({ worker: workerId, task: lease.data.task }, 'a worker has given a task back');
      const report = bareReport({ request: randomUUID(), ...lease.data }, '');
      await commitReports([{ ...report, outcome: 'released', message: null }]);
      return 'requeued';
    },
  };
}

/** Somebody else may have put jobs on the queue. */
function isClaimable({ delivery }: DeskJob): boolean {
  return isUuid(delivery.taskId);
}

function toJob({ task, request, queue, dispatch, priority }: OpenedRow, attempt: ClaimedTask): RemoteJob {
  const data = JSON.stringify({ taskId: task, dispatch, priority });
  return { queue, id: `${task}-${dispatch}`, name: '', data, token: request, attempt };
}
