import type { DataSource, EntityManager } from 'typeorm';
import type { Log, Service } from '@mitosis/domain';
import type { AuditPage, AuditQuery, AuditView } from '@mitosis/protocol';
import { detailsOf, RefusalFolds, type Fold } from './fold-refusals.js';
import { currentRequest } from './request-context.js';

export interface AuditNote {
  /** Id of an operation of the API. */
  readonly action: string;
  /** For example `user alice` or the path of the request. */
  readonly object: string;
  readonly outcome: 'done' | 'denied';
  readonly details: Readonly<Record<string, unknown>>;
}

interface AuditRow extends AuditNote {
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly actor_name: string;
  readonly address: string;
}

export interface AuditLogOptions {
  readonly dataSource: DataSource;
  readonly log: Log;
  readonly retentionMs: number;
}

const FLUSH_MS = 100;
/** Numbers of refusals that are stored already grow this often, and whenever somebody reads. */
const COUNT_MS = 1_000;
const SWEEP_MS = 600_000;
/** Notes that wait for their turn; beyond it they are counted, not kept. */
const WAITING_MAX = 5_000;
/** Rows of refusals that begin in a minute: of callers who are not logged in, and of all together. */
const REFUSALS_MAX = { anonymous: 300, all: WAITING_MAX };

const INSERT = `
  INSERT INTO audit_log (actor_kind, actor_id, actor_name, action, object, outcome, address, details)
  SELECT actor_kind, actor_id, actor_name, action, left(object, 1024), outcome, address, details
  FROM jsonb_to_recordset($1::jsonb) AS e(actor_kind text, actor_id uuid, actor_name text, action text, object text,
    outcome text, address text, details jsonb)
  RETURNING id`;

const COUNT = `
  UPDATE audit_log a SET details = a.details || e.details
  FROM jsonb_to_recordset($1::jsonb) AS e(id bigint, details jsonb) WHERE a.id = e.id`;

interface WaitingRow {
  readonly row: AuditRow;
  /** Of a refusal. */
  readonly fold?: Fold;
}

/** Stands for everything beyond the limits. */
const DROPPED: AuditRow = {
  actor_kind: 'system',
  actor_id: null,
  actor_name: 'coordinator',
  address: '',
  action: 'audit.dropped',
  object: '',
  outcome: 'denied',
  details: {},
};

function toRow(note: AuditNote): AuditRow {
  const context = currentRequest();
  const actor = context?.actor ?? {
    kind: context ? 'anonymous' : 'system',
    id: null,
    name: context ? '' : 'coordinator',
  };
  return {
    ...note,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_name: actor.name,
    address: context?.address ?? '',
  };
}

/** Records a change in the transaction that makes it. */
export async function recordChange(
  tx: EntityManager,
  action: string,
  object: string,
  details: AuditNote['details'] = {},
): Promise<void> {
  await tx.query(INSERT, [JSON.stringify([toRow({ action, object, outcome: 'done', details })])]);
  const context = currentRequest();
  if (context) context.isRecorded = true;
}

/**
 * Records what the request that is being served changes, under the name of its operation, in the
 * transaction that changes it. Nothing for what the coordinator or a worker does by itself.
 */
export async function recordRequest(
  tx: EntityManager,
  object: string,
  details: AuditNote['details'] = {},
): Promise<void> {
  const action = currentRequest()?.change();
  if (action !== undefined) await recordChange(tx, action, object, details);
}

/**
 * Who did what, when and from where. A change is recorded in the transaction that makes it;
 * refusals, and requests that stored nothing yet (an upload that begins), are noted and written within a tenth of a
 * second. The number of a refusal that repeats follows within a second.
 */
export class AuditLog implements Service {
  private waiting: WaitingRow[] = [];
  private readonly folds = new RefusalFolds(REFUSALS_MAX);
  /** Folds whose row is stored with a smaller number. */
  private readonly grown = new Set<Fold>();
  private flushing: Promise<void> = Promise.resolve();
  private timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: AuditLogOptions) {}

  async start(): Promise<void> {
    this.timers = [
      setInterval(() => void this.flush(() => this.insert()), FLUSH_MS),
      setInterval(() => void this.flush(() => this.count()), COUNT_MS),
      setInterval(() => void this.removeOld(), SWEEP_MS),
    ];
    await this.removeOld();
  }

  async stop(): Promise<void> {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    await this.writeAll();
  }

  /** See {@link recordChange}. */
  async record(tx: EntityManager, action: string, object: string, details: AuditNote['details'] = {}): Promise<void> {
    await recordChange(tx, action, object, details);
  }

  /** Takes a note of something that is over. Refusals of the same kind are one row a minute. */
  note(note: AuditNote): void {
    const row = toRow(note);
    if (note.outcome === 'denied') this.noteRefusal(row);
    else if (this.waiting.length < WAITING_MAX) this.waiting.push({ row });
    else this.noteRefusal(DROPPED);
  }

  private noteRefusal(row: AuditRow): void {
    const added = this.folds.add(row, Date.now(), this.waiting.length < WAITING_MAX);
    if (!added) return this.noteRefusal(DROPPED);
    const { fold, isNew } = added;
    if (isNew) this.waiting.push({ row, fold });
    else this.grown.add(fold);
  }

  /** Newest first; what was noted here before is in it. */
  async query(query: AuditQuery): Promise<AuditPage> {
    await this.writeAll();
    const rows = (await this.options.dataSource.query(
      `SELECT id, at, actor_kind, actor_id, actor_name AS actor, action, object, outcome, address, details
       FROM audit_log
       WHERE ($1::text IS NULL OR actor_name = $1) AND ($2::text[] IS NULL OR action = ANY ($2))
         AND ($3::text IS NULL OR strpos(object, $3) > 0 OR strpos(details->>'also', $3) > 0)
         AND ($4::text IS NULL OR outcome = $4)
         AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
         AND ($7::bigint IS NULL OR id < $7)
       ORDER BY id DESC LIMIT ${query.limit + 1}`,
      [query.actor, query.action, query.object, query.outcome, query.since, query.until, query.after],
    )) as (Omit<AuditView, 'at'> & { at: Date })[];
    const entries = rows.slice(0, query.limit).map((row) => ({ ...row, at: row.at.toISOString() }));
    return { entries, next: rows.length > query.limit ? (entries.at(-1)?.id ?? null) : null };
  }

  private async writeAll(): Promise<void> {
    await this.flush(() => this.insert());
    await this.flush(() => this.count());
  }

  /** One write after the other. */
  private async flush(write: () => Promise<void>): Promise<void> {
    this.flushing = this.flushing.then(write);
    await this.flushing;
  }

  private async insert(): Promise<void> {
    const notes = this.waiting.splice(0);
    if (notes.length === 0) return;
    try {
      const ids = (await this.options.dataSource.query(INSERT, [JSON.stringify(notes.map(({ row }) => row))])) as {
        id: string;
      }[];
      for (const [index, { fold }] of notes.entries()) if (fold) fold.id = ids[index]?.id;
    } catch (error) {
      this.waiting.unshift(...notes);
      this.options.log.warn({ err: error, count: notes.length }, 'audit notes were not written; trying again');
    }
  }

  private async count(): Promise<void> {
    const folds = [...this.grown].filter(({ id }) => id !== undefined);
    if (folds.length === 0) return;
    for (const fold of folds) this.grown.delete(fold);
    try {
      const rows = folds.map((fold) => ({ id: fold.id, details: detailsOf(fold) }));
      await this.options.dataSource.query(COUNT, [JSON.stringify(rows)]);
    } catch (error) {
      for (const fold of folds) this.grown.add(fold);
      this.options.log.warn({ err: error, count: folds.length }, 'numbers of refusals were not written; trying again');
    }
  }

  private async removeOld(): Promise<void> {
    const batch = 10_000;
    try {
      for (let removed = batch; removed === batch;) {
        const [, count] = (await this.options.dataSource.query(
          `DELETE FROM audit_log WHERE id IN (
             SELECT id FROM audit_log WHERE at < now() - $1 * interval '1 millisecond' ORDER BY at LIMIT ${batch})`,
          [this.options.retentionMs],
        )) as [unknown[], number];
        removed = count;
      }
    } catch (error) {
      this.options.log.warn({ err: error }, 'old audit entries were not removed; trying again later');
    }
  }
}
