import type { EntityManager } from 'typeorm';
import { MitoError, type NoticeEvent } from '@mitosis/domain';
import type { Notify } from '@mitosis/protocol';

type Queries = Pick<EntityManager, 'query'>;

/**
 * True in SQL when somebody wants to be told of one of `events` of the task `t` (of the job `j`, or null): the
 * submission says so, or its submitter or its group has a receiver for all jobs.
 */
export function wantsNotice(events: readonly NoticeEvent[]): string {
  const list = `ARRAY[${events.map((event) => `'${event}'`).join(', ')}]`;
  return `(coalesce(j.notify, t.notify) -> 'on' ?| ${list}
    OR EXISTS (SELECT 1 FROM receivers r WHERE r.user_id = coalesce(j.creator_id, t.creator_id) AND r.events && ${list})
    OR EXISTS (SELECT 1 FROM receivers r WHERE r.group_id = t.group_id AND r.events && ${list}))`;
}

const markTasks = (events: readonly NoticeEvent[]): string => `
  INSERT INTO notice_marks (subject_id, is_job)
  SELECT DISTINCT coalesce(t.job_id, t.id), t.job_id IS NOT NULL
  FROM tasks t LEFT JOIN jobs j ON j.id = t.job_id
  WHERE t.id = ANY ($1) AND t.workload_id IS NULL AND ${wantsNotice(events)}`;

const MARK = {
  waiting: markTasks(['stuck']),
  ended: markTasks(['ended', 'failed', 'stuck']),
};

/**
 * Notes, in the transaction of the change, that there may be something to tell of these tasks or their jobs: they wait
 * for a worker from now on, or have ended. What exactly is found out after the commit.
 */
export async function noteTasks(tx: Queries, change: keyof typeof MARK, tasks: readonly string[]): Promise<void> {
  if (tasks.length > 0) await tx.query(MARK[change], [tasks]);
}

/** The same for a job to which no more tasks are added: it may be over. */
export async function noteClosedJob(tx: Queries, job: string): Promise<void> {
  await tx.query(
    `INSERT INTO notice_marks (subject_id, is_job) SELECT j.id, true FROM jobs j
     WHERE j.id = $1 AND (j.notify IS NOT NULL OR EXISTS (SELECT 1 FROM receivers r
       WHERE r.events <> '{}' AND (r.user_id = j.creator_id OR r.group_id = j.group_id)))`,
    [job],
  );
}

/** What a submission may call a receiver by. */
export interface NamedReceiver {
  readonly name: string;
  readonly kind: string;
  /** Where it is, as people see it. */
  readonly shown: string;
}

/** True when `to` means this receiver of the submitter: all of them (`me`), its name, or its mail address. */
export const isMeant = (to: string, { name, kind, shown }: NamedReceiver): boolean =>
  to === 'me' || to === name || (kind === 'mail' && to === shown);

/** Refuses submissions that name receivers which their submitter does not have. Throws `no_receiver`. */
export async function assertReceivers(
  tx: Queries,
  user: string,
  wishes: readonly (Notify | undefined)[],
): Promise<void> {
  const named = new Set(wishes.flatMap((notify) => notify?.to ?? []));
  if (named.size === 0) return;
  const receivers = (await tx.query('SELECT name, kind, shown FROM receivers WHERE user_id = $1', [
    user,
  ])) as NamedReceiver[];
  const missing = [...named].find((to) => !receivers.some((receiver) => isMeant(to, receiver)));
  if (missing === undefined) return;
  const what = missing === 'me' ? 'you have no receiver of notifications' : `you have no receiver "${missing}"`;
  throw new MitoError('invalid', 'no_receiver', `notify: ${what}; "mito notify add" makes one`, {
    details: { field: 'notify' },
  });
}
