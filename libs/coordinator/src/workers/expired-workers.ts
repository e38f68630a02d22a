import type { DataSource } from 'typeorm';
import type { Log, Service } from '@mitosis/domain';
import type { AuditLog } from '../audit/audit-log.js';
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
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();

  constructor(private readonly options: ExpiredWorkersOptions) {}

  async start(): Promise<void> {
    const everyMs = Math.min(this.options.tokenLifetimeMs / 2, EVERY_MAX_MS);
    this.timer = setInterval(() => (this.round = this.round.then(() => this.end())), everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
  }

  private async end(): Promise<void> {
    try {
      while ((await this.endBatch()) === BATCH);
    } catch (error) {
      this.options.log.warn({ err: error }, 'workers whose credential has run out were not ended; trying again');
    }
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
