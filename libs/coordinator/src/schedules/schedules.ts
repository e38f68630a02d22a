import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import {
  assertTimeZone,
  cronTimes,
  invalidField,
  isAllowed,
  MitoError,
  parseCron,
  type GroupAction,
  type TaskLimits,
} from '@mitosis/domain';
import type { CreateSchedule, SchedulePage, ScheduleQuery, ScheduleView } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { assertReceivers } from '../events/notice-marks.js';
import { readableGroups } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { inTransaction } from '../kernel/transaction.js';
import { acceptTasks, groupFor, type Accepted } from '../tasks/accept-tasks.js';
import { submitScheduled, type DueSchedule } from './submit-scheduled.js';

export interface SchedulesDeps {
  readonly dataSource: DataSource;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  /** Called after the commit. */
  onAccepted(accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>): void;
}

const SHOWN = { next: 5, runs: 20 };

type Row = Omit<ScheduleView, 'next' | 'runs'> & {
  readonly group_id: string;
  readonly creator_id: string;
  readonly now: Date;
  readonly jobs: DueSchedule['jobs'];
  readonly runs: ScheduleView['runs'];
};

const VIEW = `
  SELECT s.id AS uuid, s.group_id, g.name AS group, s.creator_id, u.username AS creator, s.name, s.cron, s.time_zone,
    s.overlap, s.catch_up, s.state, s.message, ${iso('s.created_at')} AS created_at, s.jobs, clock_timestamp() AS now,
    coalesce((SELECT json_agg(json_build_object('due_at', ${iso('r.due_at')}, 'outcome', r.outcome, 'reason', r.reason,
        'jobs', r.jobs) ORDER BY r.due_at DESC)
      FROM (SELECT * FROM schedule_runs WHERE schedule_id = s.id ORDER BY due_at DESC LIMIT ${SHOWN.runs}) r), '[]')
        AS runs
  FROM schedules s JOIN groups g ON g.id = s.group_id AND g.state <> 'deleted' JOIN users u ON u.id = s.creator_id`;

function timesOf({ cron, time_zone: zone }: { cron: string; time_zone: string }, now: Date, count: number): number[] {
  return cronTimes(parseCron(cron, 'cron'), zone, now.getTime(), count);
}

function toView({
  uuid,
  group,
  creator,
  name,
  cron,
  time_zone,
  overlap,
  catch_up,
  state,
  message,
  created_at,
  runs,
  now,
}: Row): ScheduleView {
  const view = { uuid, group, creator, name, cron, time_zone, overlap, catch_up, state, message, created_at, runs };
  if (state !== 'active') return { ...view, next: [] };
  try {
    return { ...view, next: timesOf(view, now, SHOWN.next).map((at) => new Date(at).toISOString()) };
  } catch (error) {
    // It is about to be stopped for this.
    if (error instanceof MitoError) return { ...view, next: [], message: error.message };
    throw error;
  }
}

/** Schedules of groups: who may submit to a group makes them, who may manage its tasks steers them. */
export class Schedules {
  constructor(private readonly deps: SchedulesDeps) {}

  /**
   * Throws `invalid_request` for an expression that never comes true, `schedule_exists`, and what a submission throws.
   */
  async create(actor: UserActor, schedule: CreateSchedule): Promise<ScheduleView> {
    assertTimeZone(schedule.time_zone, 'time_zone');
    parseCron(schedule.cron, 'cron');
    assertOrder(schedule);
    const id = await inTransaction(this.deps.dataSource, async (tx) => {
      const tasks = schedule.jobs.flatMap((job) => job.tasks);
      const kind = tasks.every(({ wasm }) => wasm) ? 'wasm' : 'command';
      const group = await groupFor(tx, actor, { name: schedule.group ?? actor.ownGroup ?? actor.username, kind });
      const [{ now }] = (await tx.query('SELECT clock_timestamp() AS now')) as [{ now: Date }];
      const [next] = timesOf(schedule, now, 1);
      if (next === undefined) throw invalidField('cron', `"${schedule.cron}" never comes true`);
      await assertReceivers(
        tx,
        actor.userId,
        schedule.jobs.map(({ notify }) => notify),
      );
      await this.assertAcceptable(tx, actor, group.name, schedule);
      const uuid = uuidv7();
      const added = (await tx.query(
        `INSERT INTO schedules (id, group_id, creator_id, name, cron, time_zone, overlap, catch_up, jobs, next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (group_id, name) DO NOTHING RETURNING id`,
        [
          uuid,
          group.id,
          actor.userId,
          schedule.name,
          schedule.cron,
          schedule.time_zone,
          schedule.overlap,
          schedule.catch_up,
          JSON.stringify(schedule.jobs),
          new Date(next),
        ],
      )) as unknown[];
      if (added.length === 0) throw scheduleExists(group.name, schedule.name);
      await recordRequest(tx, `schedule ${uuid}`, { group: group.name, name: schedule.name });
      return uuid;
    });
    return this.get(actor, id);
  }

  async get(actor: UserActor, uuid: string): Promise<ScheduleView> {
    return toView(await this.row(actor, uuid, 'task.read'));
  }

  async query(actor: UserActor, { group, name, limit, after }: ScheduleQuery): Promise<SchedulePage> {
    const visible = readableGroups(actor);
    const rows = (await this.deps.dataSource.query(
      `${VIEW} WHERE ($1::uuid[] IS NULL OR s.group_id = ANY ($1)) AND ($2::text IS NULL OR g.name = $2)
         AND ($3::text IS NULL OR s.name = $3) AND ($4::uuid IS NULL OR s.id < $4) ORDER BY s.id DESC LIMIT $5`,
      [visible, group ?? null, name ?? null, after ?? null, limit + 1],
    )) as Row[];
    const page = rows.slice(0, limit);
    return { schedules: page.map(toView), next: rows.length > limit ? (page.at(-1)?.uuid ?? null) : null };
  }

  async pause(actor: UserActor, uuid: string): Promise<ScheduleView> {
    await this.row(actor, uuid, 'task.manage');
    await this.change(uuid, `UPDATE schedules SET state = 'paused', next_at = NULL, message = NULL WHERE id = $1`, [
      uuid,
    ]);
    return this.get(actor, uuid);
  }

  /** It continues with the next time from now; what was missed meanwhile is not made up for. */
  async resume(actor: UserActor, uuid: string): Promise<ScheduleView> {
    const row = await this.row(actor, uuid, 'task.manage');
    assertTimeZone(row.time_zone, 'time_zone');
    const [next] = timesOf(row, row.now, 1);
    if (next === undefined) throw invalidField('cron', `"${row.cron}" never comes true`);
    await this.change(
      uuid,
      `UPDATE schedules SET state = 'active', message = NULL,
         next_at = CASE WHEN state = 'active' THEN next_at ELSE $2 END
       WHERE id = $1`,
      [uuid, new Date(next)],
    );
    return this.get(actor, uuid);
  }

  /** Submits its jobs now, whatever its state; its times stay as they are. */
  async runNow(actor: UserActor, uuid: string): Promise<ScheduleView> {
    const row = await this.row(actor, uuid, 'task.submit');
    const run = await inTransaction(this.deps.dataSource, async (tx) => {
      const [{ now }] = (await tx.query('SELECT clock_timestamp() AS now')) as [{ now: Date }];
      const { limits } = this.deps;
      const submitted = await submitScheduled(tx, { ...row, id: uuid }, { dueAt: now, waitsFor: [], limits });
      await tx.query(
        `INSERT INTO schedule_runs (schedule_id, due_at, outcome, reason, jobs) VALUES ($1, $2, 'ran', $3, $4)`,
        [uuid, now, `by hand, by ${actor.username}`, submitted.jobs],
      );
      await recordRequest(tx, `schedule ${uuid}`);
      return submitted;
    });
    this.deps.onAccepted(run);
    return this.get(actor, uuid);
  }

  async delete(actor: UserActor, uuid: string): Promise<void> {
    await this.row(actor, uuid, 'task.manage');
    await this.change(uuid, 'DELETE FROM schedules WHERE id = $1', [uuid]);
  }

  private async change(uuid: string, sql: string, values: unknown[]): Promise<void> {
    await inTransaction(this.deps.dataSource, async (tx) => {
      await tx.query(sql, values);
      await recordRequest(tx, `schedule ${uuid}`);
    });
  }

  private async row(actor: UserActor, uuid: string, action: GroupAction): Promise<Row> {
    const [row] = (await this.deps.dataSource.query(`${VIEW} WHERE s.id = $1`, [uuid])) as Row[];
    if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id }))
      throw new MitoError('not-found', 'schedule_not_found', `there is no schedule ${uuid} that you may see`);
    if (!isAllowed(actor, { action, groupId: row.group_id }))
      throw new MitoError('forbidden', 'role_required', `this needs the role write in the group "${row.group}"`);
    return row;
  }

  /**
   * Submits everything once and undoes it: what would be refused at each time is refused now. In a savepoint of `tx`:
   * whoever holds a connection and waits for another one can wait for ever.
   */
  private async assertAcceptable(
    tx: EntityManager,
    actor: UserActor,
    group: string,
    { jobs }: CreateSchedule,
  ): Promise<void> {
    const undone = new Error('undone');
    try {
      await tx.transaction(async (inner) => {
        for (const { tasks, after_other: others } of jobs)
          await acceptTasks(
            inner,
            actor,
            tasks.map((task) => ({ ...task, group, after: [...task.after, ...others] })),
            { limits: this.deps.limits },
          );
        throw undone;
      });
    } catch (error) {
      if (error !== undone) throw error;
    }
  }
}

function scheduleExists(group: string, name: string): MitoError {
  const message = `the group "${group}" has a schedule "${name}" already; delete it first, or choose another name`;
  return new MitoError('conflict', 'schedule_exists', message, { details: { field: 'name' } });
}

/** Each key once, and what a job waits for stands before it. */
function assertOrder({ jobs }: CreateSchedule): void {
  const seen = new Set<string>();
  jobs.forEach(({ key, after }, place) => {
    if (seen.has(key)) throw invalidField(`jobs.${place}.key`, `"${key}" is the key of another job`);
    const missing = after.find((one) => !seen.has(one.key));
    if (missing) throw invalidField(`jobs.${place}.after`, `no job before it has the key "${missing.key}"`);
    seen.add(key);
  });
}
