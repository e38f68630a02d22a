import type { DataSource } from 'typeorm';
import type { Log, Service } from '@mitosis/domain';
import type { AuditLog } from '../audit/audit-log.js';
import { Rounds } from '../kernel/rounds.js';
import type { WorkerAccess } from './worker-access.js';

export interface ExpiredWorkersOptions {
  readonly dataSource: DataSource;
  readonly workers: WorkerAccess;
  readonly audit: AuditLog;
  readonly log: Log;
  /** How long a worker's credential lives. */
  readonly tokenLifetimeMs: number;
}

const EVERY_MAX_MS = 60_000;
const BATCH = 100;

/**
 * Ends workers that have not renewed their credential: killed, cut off, or switched off without a
 * goodbye. Their tokens are refused by then; this takes away their login at the queue server.
 */
export class ExpiredWorkers implements Service {
  private readonly rounds: Rounds;
  private readonly everyMs: number;

  constructor(private readonly options: ExpiredWorkersOptions) {
    const { tokenLifetimeMs, log } = options;
    this.everyMs = Math.min(tokenLifetimeMs / 2, EVERY_MAX_MS);
    const what = 'ending workers whose credential has expired';
    this.rounds = new Rounds({ work: () => this.end(), what, log, firstMs: this.everyMs, retryMs: this.everyMs });
  }

  start(): Promise<void> {
    return this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async end(): Promise<number> {
    while (this.rounds.isStarted && (await this.endBatch()) === BATCH);
    return this.everyMs;
  }

  private async endBatch(): Promise<number> {
    const { dataSource, workers, audit } = this.options;
    const change = await dataSource.transaction(async (tx) => {
      const rows = (await tx.query(
        `SELECT id FROM workers WHERE state = 'active' AND credential_expires_at < now()
         ORDER BY credential_expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
      )) as { id: string }[];
      for (const { id } of rows) await audit.record(tx, 'workers.expire', `worker ${id}`);
      return workers.revoke(
        tx,
        rows.map(({ id }) => id),
        { mayReturn: true },
      );
    });
    await workers.announce(change);
    return change.workers.length;
  }
}
