import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { invalidField, isAllowed, MitoError, type Role, type TaskLimits } from '@mitosis/domain';
import { SubmitTask, type ScheduledJob } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { acceptTasks, type Accepted } from '../tasks/accept-tasks.js';

/** A schedule as it is looked at when it is due. */
export interface DueSchedule {
  readonly id: string;
  readonly group_id: string;
  readonly group: string;
  readonly creator_id: string;
  readonly name: string;
  readonly jobs: readonly ScheduledJob[];
}

export interface SubmittedRun extends Pick<Accepted, 'settled' | 'newQueueGroups'> {
  readonly jobs: readonly string[];
  /** In whose name. */
  readonly actor: UserActor;
}

/** Who has made the schedule, with what they may do at this moment. Throws `schedule_owner_gone`. */
async function ownerOf(
  tx: EntityManager,
  { creator_id: userId, group_id: groupId, group }: DueSchedule,
): Promise<UserActor> {
  const [row] = (await tx.query(
    `SELECT u.username, m.role FROM users u LEFT JOIN memberships m ON m.user_id = u.id AND m.group_id = $2
     WHERE u.id = $1 AND u.state = 'active'`,
    [userId, groupId],
  )) as { username: string; role: Role | null }[];
  const roles = new Map(row?.role ? [[groupId, row.role] as const] : []);
  const actor: UserActor = {
    kind: 'user',
    userId,
    username: row?.username ?? '',
    isAdmin: false,
    roles,
    sessionId: null,
    ownGroup: group,
  };
  if (row && isAllowed(actor, { action: 'task.submit', groupId })) return actor;
  throw new MitoError(
    'forbidden',
    'schedule_owner_gone',
    `the owner of the schedule may no longer submit to the group "${group}"; ` +
      'give the role back and resume it, or create it again',
  );
}

/**
 * Fills in defaults that a stored form from an older version lacks. Throws `invalid_request` for what it can't read.
 */
function readTask(task: SubmitTask, place: string): SubmitTask {
  const { data, error } = SubmitTask.safeParse(task);
  if (data) return data;
  const [issue] = error.issues;
  throw invalidField([place, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'is not valid');
}

/** What it waits for within its run comes on top of what a task may name itself. */
function waitingFor(task: SubmitTask, group: string, waits: SubmitTask['after']): SubmitTask {
  return { ...task, group, after: [...task.after, ...waits] };
}

/** Submits the jobs of a schedule for one of its times, in the name of its owner. They wait for `waitsFor`, too. */
export async function submitScheduled(
  tx: EntityManager,
  schedule: DueSchedule,
  {
    dueAt,
    waitsFor,
    limits,
  }: { readonly dueAt: Date; readonly waitsFor: readonly string[]; readonly limits: TaskLimits },
): Promise<SubmittedRun> {
  const actor = await ownerOf(tx, schedule);
  const uuids = new Map<string, string>();
  const result = { jobs: [] as string[], settled: [] as Accepted['settled'], newQueueGroups: [] as string[] };
  for (const { key, tasks, after, after_other: others, at_once, max_fails, notify } of schedule.jobs) {
    const job = uuidv7();
    uuids.set(key, job);
    const name = `${schedule.name}/${key} ${dueAt.toISOString().replace(/\.\d+Z$/, 'Z')}`;
    await tx.query(
      `INSERT INTO jobs (id, group_id, creator_id, name, is_open, at_once, max_fails, notify)
       VALUES ($1, $2, $3, $4, false, $5, $6, $7)`,
      [job, schedule.group_id, schedule.creator_id, name, at_once ?? null, max_fails ?? null, notify ?? null],
    );
    const waits = [
      ...after.map((one) => ({ job: uuids.get(one.key), when: one.when })),
      ...others,
      ...waitsFor.map((earlier) => ({ job: earlier, when: 'ended' as const })),
    ];
    const parsed = tasks.map((task, place) => waitingFor(readTask(task, `${key}.${place}`), schedule.group, waits));
    const accepted = await acceptTasks(tx, actor, parsed, { limits, job: { id: job, firstIndex: 0 } });
    result.jobs.push(job);
    result.settled.push(...accepted.settled);
    result.newQueueGroups.push(...accepted.newQueueGroups);
  }
  return { ...result, actor };
}
