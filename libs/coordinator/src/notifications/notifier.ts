import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Log, Service } from '@mitosis/domain';
import type { JobEvents } from '../events/job-events.js';
import type { TaskEvents } from '../events/task-events.js';
import { Rounds } from '../kernel/rounds.js';
import { inTransaction } from '../kernel/transaction.js';
import { composeNotice, type ComposeDeps } from './compose-notice.js';
import { decideNotices, type DecidedNotices, type Told } from './decide-notices.js';
import type { Notice } from './notice.js';
import { hasOpenTask, readSubject, rulesFor, type Subject } from './read-subject.js';
import type { Sender } from './sender.js';

export interface NotifierOptions extends ComposeDeps {
  readonly dataSource: DataSource;
  readonly log: Log;
  readonly events: TaskEvents;
  readonly jobEvents: JobEvents;
  readonly sender: Sender;
}

interface LeasedSubject {
  readonly id: string;
  readonly is_job: boolean;
  readonly version: number;
  readonly has_told_start: boolean;
  readonly told_end: string | null;
  readonly waiting_ms: number | null;
  readonly told_stuck_ms: number;
}

/** Tasks of a job end in crowds: one look is enough for all that ended in this time. */
const REST_MS = 200;
/** What a message of the bus did not announce is found after this time. */
const LOOK_MS = 30_000;
const LEASE_S = 30;
const AT_ONCE = 4;

/** Marks become one row for each subject. A mark whose transaction is not committed yet is left to the next round. */
const COLLECT = `
  WITH taken AS (
    DELETE FROM notice_marks WHERE seq IN (SELECT seq FROM notice_marks ORDER BY seq LIMIT 5000 FOR UPDATE SKIP LOCKED)
    RETURNING subject_id, is_job
  )
  INSERT INTO notice_subjects AS s (id, is_job, due_at)
  SELECT subject_id, is_job, clock_timestamp() FROM taken GROUP BY subject_id, is_job ORDER BY subject_id
  ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, version = s.version + 1
  RETURNING s.id`;

const LEASE = `
  UPDATE notice_subjects s SET lease = $1, leased_until = clock_timestamp() + interval '${LEASE_S} seconds'
  WHERE s.id IN (
    SELECT d.id FROM notice_subjects d
    WHERE d.due_at <= clock_timestamp() AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())
    ORDER BY d.due_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
  RETURNING s.id, s.is_job, s.version, s.has_told_start, s.told_end, s.told_stuck_ms::float8 AS told_stuck_ms,
    extract(epoch FROM s.waiting_since)::float8 * 1000 AS waiting_ms`;

const NEXT_DUE = `
  SELECT extract(epoch FROM min(greatest(due_at, leased_until)) - clock_timestamp())::float8 * 1000 AS ms
  FROM notice_subjects WHERE due_at IS NOT NULL`;

/** Of one that was marked again meanwhile, the time stays: it is looked at once more. */
const SETTLE = `
  UPDATE notice_subjects SET lease = NULL, leased_until = NULL, has_told_start = $3, told_end = $4,
    waiting_since = to_timestamp($5::float8 / 1000), told_stuck_ms = $6,
    due_at = CASE WHEN version = $7 THEN to_timestamp($8::float8 / 1000) ELSE due_at END
  WHERE id = $1 AND lease = $2 RETURNING id`;

/**
 * Finds out what there is to tell of jobs that were marked, and puts the messages into the outbox, in the transaction
 * that notes what was told: each start, end and wait is told once, by one coordinator.
 */
export class Notifier implements Service {
  private readonly rounds: Rounds;
  private readonly stopListening: (() => void)[] = [];

  constructor(private readonly options: NotifierOptions) {
    const { log } = options;
    this.rounds = new Rounds({ work: () => this.pass(), what: 'looking for what to tell', log, restMs: REST_MS });
  }

  async start(): Promise<void> {
    const { events, jobEvents } = this.options;
    const wake = (): void => this.rounds.wake();
    this.stopListening.push(events.onEvery(wake), jobEvents.on(wake));
    await this.rounds.start();
  }

  async stop(): Promise<void> {
    for (const stop of this.stopListening.splice(0)) stop();
    await this.rounds.stop();
  }

  /** Returns how long to wait when nothing wakes it. */
  private async pass(): Promise<number> {
    const { dataSource } = this.options;
    while (this.rounds.isStarted && (await this.collectMarks()));
    while (this.rounds.isStarted && (await this.lookAtSome()));
    const [due] = (await dataSource.query(NEXT_DUE)) as { ms: number | null }[];
    return Math.min(Math.max(due?.ms ?? LOOK_MS, REST_MS), LOOK_MS);
  }

  /** False when there was no mark. */
  private async collectMarks(): Promise<boolean> {
    const collected = await inTransaction(this.options.dataSource, (tx) => tx.query(COLLECT) as Promise<unknown[]>);
    return collected.length > 0;
  }

  private async lookAtSome(): Promise<boolean> {
    const lease = randomUUID();
    const [subjects] = (await this.options.dataSource.query(LEASE, [lease])) as [LeasedSubject[], number];
    await Promise.all(
      subjects.map((subject) =>
        this.lookAt(subject, lease).catch((error: unknown) => {
          // Its lease runs out, and it is looked at then: one that fails holds up no other.
          this.options.log.warn({ err: error, subject: subject.id }, 'could not find out what to tell; trying again');
        }),
      ),
    );
    return subjects.length > 0;
  }

  private async lookAt(leased: LeasedSubject, lease: string): Promise<void> {
    const { dataSource } = this.options;
    const { id, is_job: isJob } = leased;
    const told = toldOf(leased);
    const rules = await rulesFor(dataSource, { id, isJob });
    const isEndOnly = rules.every(({ on }) => !on.has('stuck') && (told.hasToldStart || !on.has('started')));
    // Counting the tasks of a large job is costly, and most receivers want to hear of its end only.
    const isEarly = rules.length === 0 || (isJob && isEndOnly && (await hasOpenTask(dataSource, id)));
    const subject = isEarly ? undefined : await readSubject(dataSource, id, isJob);
    if (!subject) return this.settle(leased, lease, { told, dueAt: null });
    const decided = decideNotices(subject.current, told, { rules, now: subject.now });
    const { event, waitedMs, receivers } = decided;
    if (event === null || receivers.length === 0) return this.settle(leased, lease, decided);
    const notice = await composeNotice(this.options, subject, { event, waitedMs });
    await this.settle(leased, lease, decided, { subject, notice, receivers });
    this.options.sender.wake();
  }

  private async settle(
    { id, version }: LeasedSubject,
    lease: string,
    { told, dueAt }: Pick<DecidedNotices, 'told' | 'dueAt'>,
    message?: { readonly subject: Subject; readonly notice: Notice; readonly receivers: readonly string[] },
  ): Promise<void> {
    await inTransaction(this.options.dataSource, async (tx) => {
      const { hasToldStart, toldEnd, waitingSince, toldStuckMs } = told;
      const values = [id, lease, hasToldStart, toldEnd, waitingSince, toldStuckMs, version, dueAt];
      const [rows] = (await tx.query(SETTLE, values)) as [unknown[], number];
      // Another coordinator has taken it over.
      if (rows.length === 0) return;
      if (message) await store(tx, message);
    });
  }
}

const toldOf = (leased: LeasedSubject): Told => ({
  hasToldStart: leased.has_told_start,
  toldEnd: leased.told_end,
  waitingSince: leased.waiting_ms,
  toldStuckMs: leased.told_stuck_ms,
});

async function store(
  tx: EntityManager,
  { subject, notice, receivers }: { subject: Subject; notice: Notice; receivers: readonly string[] },
): Promise<void> {
  const rows = receivers.map((receiver) => ({ id: uuidv7(), receiver }));
  await tx.query(
    `INSERT INTO messages (id, receiver_id, event, subject_id, group_id, title, content)
     SELECT m.id, m.receiver, $2, $3, $4, $5, $6 FROM jsonb_to_recordset($1::jsonb) AS m(id uuid, receiver uuid)
     JOIN receivers r ON r.id = m.receiver`,
    [JSON.stringify(rows), notice.event, subject.id, subject.groupId, notice.title, JSON.stringify(notice)],
  );
}
