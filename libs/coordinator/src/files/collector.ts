import type { DataSource } from 'typeorm';
import type { Log, Service } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import { SINGLE_UPLOAD_MAX_BYTES } from '@mitosis/protocol';
import { drifting, Rounds } from '../kernel/rounds.js';
import { chargeGroups, discardObjects } from './object-ledger.js';

export interface CollectorOptions {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly log: Log;
  /** How long a signed request is good for. */
  readonly urlLifetimeMs: number;
  /** Removes up to 200 programs that nothing uses any longer; returns how many were looked at. */
  readonly discardPrograms: () => Promise<number>;
  /** The same for folders of code. */
  readonly discardCode: () => Promise<number>;
}

const BATCH = 200;
const TICK_MAX_MS = 30_000;

/**
 * Reservations that nobody can use, and stored objects whose task is deleted. The worker of a lost
 * attempt that can be resumed still uses its own.
 */
const LEFT_BEHIND = `
  SELECT o.key FROM objects o
  LEFT JOIN attempts a ON a.task_id = o.task_id AND a.number = o.attempt
  LEFT JOIN tasks t ON t.id = a.task_id
  WHERE o.state = 'reserved' AND (
    CASE WHEN o.attempt IS NULL THEN o.usable_until < clock_timestamp()
      ELSE a.task_id IS NULL OR a.ended_at IS NOT NULL
        AND NOT (a.outcome = 'lost' AND a.number = t.attempt AND t.state = 'ready') END
    OR (o.purpose IN ('artifact', 'output') AND o.task_id IS NULL))
  UNION ALL
  (SELECT key FROM objects WHERE state = 'stored' AND purpose IN ('artifact', 'output') AND task_id IS NULL
     LIMIT ${BATCH})
  UNION ALL
  (SELECT key FROM objects o WHERE state = 'stored' AND purpose = 'checkpoint'
     AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.object_key = o.key) LIMIT ${BATCH})
  LIMIT ${BATCH}`;

const DUE = `
  SELECT key, upload IS NOT NULL OR size_bytes > ${SINGLE_UPLOAD_MAX_BYTES} AS has_parts FROM objects
  WHERE state = 'garbage' AND usable_until < clock_timestamp()
  ORDER BY usable_until LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`;

interface Due {
  readonly key: string;
  readonly has_parts: boolean;
}

/**
 * Collects what nobody needs: unfinished uploads, objects of lost attempts, of deleted tasks
 * and of what was replaced, and programs that nothing has used for long. An object is first taken off the quota, and
 * deleted only when no signed request can write it; its row goes last, so that a crash in between loses nothing.
 */
export class Collector implements Service {
  private readonly rounds: Rounds;
  private readonly tickMs: number;

  constructor(private readonly options: CollectorOptions) {
    const { urlLifetimeMs, log } = options;
    this.tickMs = Math.min(urlLifetimeMs, TICK_MAX_MS);
    const times = { firstMs: drifting(this.tickMs), retryMs: this.tickMs };
    this.rounds = new Rounds({ work: () => this.collect(), what: 'collecting objects', log, ...times });
  }

  start(): Promise<void> {
    return this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async collect(): Promise<number> {
    const { discardPrograms, discardCode } = this.options;
    for (const batch of [discardPrograms, discardCode, () => this.discard(), () => this.remove()])
      while (this.rounds.isStarted && (await batch()) === BATCH);
    return drifting(this.tickMs);
  }

  private async discard(): Promise<number> {
    return this.options.dataSource.transaction(async (tx) => {
      const rows = (await tx.query(LEFT_BEHIND)) as { key: string }[];
      const keys = rows.map(({ key }) => key);
      await chargeGroups(tx, await discardObjects(tx, keys, this.options.urlLifetimeMs));
      return keys.length;
    });
  }

  private async remove(): Promise<number> {
    const { dataSource, log } = this.options;
    return dataSource.transaction(async (tx) => {
      const rows = (await tx.query(DUE)) as Due[];
      const removed: string[] = [];
      for (const row of rows) if (await this.removeObject(row)) removed.push(row.key);
      await tx.query('DELETE FROM objects WHERE key = ANY ($1)', [removed]);
      if (removed.length > 0) log.info({ count: removed.length }, 'objects were collected');
      // What the store refused comes first again: it has to wait for the next round.
      return removed.length === rows.length ? rows.length : 0;
    });
  }

  private async removeObject({ key, has_parts: hasParts }: Due): Promise<boolean> {
    const { store, log } = this.options;
    try {
      if (hasParts) for await (const upload of store.multipart.unfinished(key)) await store.multipart.abort(upload);
      await store.delete(key);
      return true;
    } catch (error) {
      log.warn({ err: error, key }, 'an object was not deleted; trying again');
      return false;
    }
  }
}
