import { PostgresQueueBackend, type KeepJobs, type MinimalJob, type PostgresConnection } from 'bullmq';

/**
 * BullMQ scans all finished jobs of a queue to trim them, a quarter of the cost of a job: one job in this many trims.
 */
const RETENTION_EVERY = 10;

/** The time of the database: the clocks of several coordinators differ. */
const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

interface JobRow {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
}

/** BullMQ's backend with what a consumer of ours needs, in one statement each and on the clock of the database. */
export class ConsumerPgBackend extends PostgresQueueBackend {
  private readonly lockMs: number;

  constructor(connection: PostgresConnection, queue: string, options: { readonly lockDuration: number }) {
    super(connection, queue, { ...options, connection: {} }, false);
    this.lockMs = options.lockDuration;
  }

  /** Without a look at limits and delays, which we do not use. */
  override async moveToActive(token: string, name?: string): Promise<unknown[]> {
    const sql = `SELECT id, name, data FROM move_to_active($1, $2, $3, ${NOW_MS}, $4, NULL, NULL)`;
    const { rows } = await this.connection.pool.query(sql, [this.queueName, token, this.lockMs, name ?? null]);
    const [row] = rows as unknown as JobRow[];
    if (row === undefined) return [null, '', 0, 0];
    return [{ name: row.name, data: JSON.stringify(row.data) }, row.id, 0, 0];
  }

  override moveToCompleted<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    value: R,
    keep: boolean | number | KeepJobs,
    token: string,
    fetchNext: boolean,
  ): Promise<{ result: void | unknown[]; finishedOn: number }> {
    return super.moveToCompleted(job, value, now(keep), token, fetchNext);
  }

  override moveToFailed<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    reason: string,
    keep: boolean | number | KeepJobs,
    token: string,
    fetchNext: boolean,
    fields?: Record<string, unknown>,
  ): Promise<{ result: void | unknown[]; finishedOn: number }> {
    return super.moveToFailed(job, reason, now(keep), token, fetchNext, fields);
  }
}

/** What to keep of the history, asked for now and then; otherwise everything. */
function now(keep: boolean | number | KeepJobs): boolean | number | KeepJobs {
  return Math.random() * RETENTION_EVERY < 1 ? keep : false;
}
