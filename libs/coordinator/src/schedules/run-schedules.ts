import type { DataSource, EntityManager } from 'typeorm';
import {
  assertTimeZone,
  isFinal,
  jobState,
  MitoError,
  parseCron,
  type Log,
  type Service,
  type TaskLimits,
} from '@mitosis/domain';
import type { UserActor } from '../auth/authenticator.js';
import { countTasks } from '../events/ended-jobs.js';
import { Rounds } from '../kernel/rounds.js';
import { inTransaction, isDatabaseAway, isPassing } from '../kernel/transaction.js';
import type { Accepted } from '../tasks/accept-tasks.js';
import { decideDueTimes } from './due-times.js';
import { submitScheduled, type DueSchedule } from './submit-scheduled.js';

export interface SchedulerOptions {
  readonly dataSource: DataSource;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  readonly log: Log;
  /** Called after the commit. */
  onAccepted(accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>): void;
  /** Ends a run that another one takes the place of. */
  cancelJob(actor: UserActor, job: string, reason: string): Promise<void>;
}

interface Row extends DueSchedule {
  readonly cron: string;
  readonly time_zone: string;
  readonly overlap: 'skip' | 'queue' | 'replace';
  readonly catch_up: 'none' | 'last' | 'all';
  readonly next_at: Date;
  readonly now: Date;
}

interface Outcome {
  readonly accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>[];
  /** Jobs to be ended. */
  readonly replaced: { readonly actor: UserActor; readonly job: string }[];
}

/** Runs of one pass; the next pass looks at what is due beyond them. */
const PASS = 100;
const TICK_MS = 1_000;

const DUE = `
  SELECT s.id, s.group_id, g.name AS group, s.creator_id, s.name, s.jobs, s.cron, s.time_zone, s.overlap, s.catch_up,
    s.next_at, clock_timestamp() AS now
  FROM schedules s JOIN groups g ON g.id = s.group_id
  WHERE s.state = 'active' AND s.next_at <= clock_timestamp() AND s.id <> ALL ($1::uuid[])
  ORDER BY s.next_at LIMIT 1 FOR UPDATE OF s SKIP LOCKED`;

/** How many of its newest times a schedule remembers; it always remembers its newest run. */
const KEPT_RUNS = 1_000;

const FORGET = `
  DELETE FROM schedule_runs WHERE schedule_id = $1
    AND due_at < (
      SELECT due_at FROM schedule_runs WHERE schedule_id = $1 ORDER BY due_at DESC OFFSET ${KEPT_RUNS - 1} LIMIT 1)
    AND due_at < coalesce(
      (SELECT max(due_at) FROM schedule_runs WHERE schedule_id = $1 AND outcome = 'ran'), 'infinity')`;

/** The jobs of the newest run that have not ended. */
export async function openJobsOf(tx: Pick<EntityManager, 'query'>, schedule: string): Promise<string[]> {
  const [run] = (await tx.query(
    `SELECT jobs FROM schedule_runs WHERE schedule_id = $1 AND outcome = 'ran' ORDER BY due_at DESC LIMIT 1`,
    [schedule],
  )) as { jobs: string[] }[];
  if (!run || run.jobs.length === 0) return [];
  const counts = await countTasks(tx, run.jobs);
  return run.jobs.filter((job) => !isFinal(jobState(false, counts.get(job) ?? {})));
}

/** True for what ends a schedule: it could not be submitted the next time either. */
const isLasting = (error: unknown): boolean =>
  !(error instanceof MitoError) || ['invalid', 'forbidden', 'not-found', 'unauthenticated'].includes(error.kind);

/**
 * Submits the jobs of schedules at their times. Every replica looks; the row of a time is stored with the jobs that
 * it makes, in one transaction, so that each time runs once whatever is restarted. Times are those of the database's
 * clock. A schedule that can't continue is stopped, and says why; the others continue.
 */
export class Scheduler implements Service {
  private readonly rounds: Rounds;

  constructor(private readonly options: SchedulerOptions) {
    this.rounds = new Rounds({ work: () => this.pass(), what: 'looking at schedules', log: options.log });
  }

  start(): Promise<void> {
    return this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async pass(): Promise<number> {
    const failed: string[] = [];
    for (let count = 0; count < PASS && this.rounds.isStarted && (await this.runOne(failed)); count += 1);
    return TICK_MS;
  }

  /** False when nothing is due. A schedule in `failed` is left to the next pass, so that it holds up no other. */
  private async runOne(failed: string[]): Promise<boolean> {
    let row: Row | undefined;
    let outcome: Outcome | undefined;
    try {
      outcome = await inTransaction(this.options.dataSource, async (tx): Promise<Outcome | undefined> => {
        [row] = (await tx.query(DUE, [failed])) as Row[];
        return row && this.fireOrGiveUp(tx, row);
      });
    } catch (error) {
      if (!row || isDatabaseAway(error)) throw error;
      failed.push(row.id);
      this.options.log.warn({ err: error, schedule: row.name, group: row.group }, 'a schedule failed; trying again');
      return true;
    }
    for (const accepted of outcome?.accepted ?? []) this.options.onAccepted(accepted);
    for (const { actor, job } of outcome?.replaced ?? [])
      await this.options.cancelJob(actor, job, 'a later run of its schedule takes its place');
    return outcome !== undefined;
  }

  private async fireOrGiveUp(tx: EntityManager, row: Row): Promise<Outcome> {
    const done: Outcome = { accepted: [], replaced: [] };
    try {
      // A savepoint: what one schedule could not store is undone, that it was stopped is not.
      await tx.transaction((inner) => this.fire(inner, row, done));
      return done;
    } catch (error) {
      if (isPassing(error)) throw error;
      await this.giveUp(tx, row, error);
      return { accepted: [], replaced: [] };
    }
  }

  private async fire(tx: EntityManager, row: Row, done: Outcome): Promise<void> {
    assertTimeZone(row.time_zone, 'time_zone');
    const { times, next } = decideDueTimes(parseCron(row.cron, 'cron'), {
      zone: row.time_zone,
      next: row.next_at.getTime(),
      now: row.now.getTime(),
      catchUp: row.catch_up,
    });
    for (const { at, skipped } of times) await this.runAt(tx, row, { dueAt: new Date(at), skipped }, done);
    await tx.query(FORGET, [row.id]);
    await tx.query(
      `UPDATE schedules SET next_at = $2, state = CASE WHEN $2::timestamptz IS NULL THEN 'stopped' ELSE state END,
         message = CASE WHEN $2::timestamptz IS NULL THEN 'it has no further time' END WHERE id = $1`,
      [row.id, next === undefined ? null : new Date(next)],
    );
  }

  private async runAt(
    tx: EntityManager,
    row: Row,
    { dueAt, skipped }: { readonly dueAt: Date; readonly skipped: string | undefined },
    done: Outcome,
  ): Promise<void> {
    const open = skipped === undefined ? await openJobsOf(tx, row.id) : [];
    const reason = skipped ?? (row.overlap === 'skip' && open.length > 0 ? 'the run before it has not ended' : null);
    const added = (await tx.query(
      `INSERT INTO schedule_runs (schedule_id, due_at, outcome, reason) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING due_at`,
      [row.id, dueAt, reason === null ? 'ran' : 'skipped', reason],
    )) as unknown[];
    if (added.length === 0 || reason !== null) return;
    const run = await submitScheduled(tx, row, {
      dueAt,
      waitsFor: row.overlap === 'queue' ? open : [],
      limits: this.options.limits,
    });
    await tx.query('UPDATE schedule_runs SET jobs = $3 WHERE schedule_id = $1 AND due_at = $2', [
      row.id,
      dueAt,
      run.jobs,
    ]);
    done.accepted.push(run);
    if (row.overlap === 'replace') done.replaced.push(...open.map((job) => ({ actor: run.actor, job })));
  }

  /** What passes (a full queue) costs one time, what does not stops the schedule. */
  private async giveUp(tx: EntityManager, row: Row, error: unknown): Promise<void> {
    const message = error instanceof MitoError ? error.message : `it could not be submitted: ${String(error)}`;
    await tx.query(
      `INSERT INTO schedule_runs (schedule_id, due_at, outcome, reason) VALUES ($1, $2, 'skipped', $3)
       ON CONFLICT DO NOTHING`,
      [row.id, row.next_at, message],
    );
    if (isLasting(error)) {
      await tx.query(`UPDATE schedules SET state = 'stopped', message = $2, next_at = NULL WHERE id = $1`, [
        row.id,
        message,
      ]);
      this.options.log.warn({ schedule: row.name, group: row.group, reason: message }, 'a schedule was stopped');
      return;
    }
    const { next } = decideDueTimes(parseCron(row.cron, 'cron'), {
      zone: row.time_zone,
      next: row.next_at.getTime(),
      now: row.now.getTime(),
      catchUp: 'none',
    });
    await tx.query('UPDATE schedules SET next_at = $2 WHERE id = $1', [
      row.id,
      next === undefined ? null : new Date(next),
    ]);
  }
}
