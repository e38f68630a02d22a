import type { DataSource } from 'typeorm';
import { counted, type Log, type Service } from '@mitosis/domain';
import type { UserActor } from '../auth/authenticator.js';

export interface FailingJobsDeps {
  readonly dataSource: DataSource;
  readonly log: Log;
  /** Ends a job with all its tasks. */
  cancelJob(actor: UserActor, job: string, reason: string): Promise<void>;
}

interface ExceededRow {
  readonly id: string;
  readonly max_fails: number;
  readonly creator_id: string;
  readonly creator: string;
}

/** Counts one failed task more than the job allows at most: that decides it. */
const EXCEEDED = `
  SELECT j.id, j.max_fails, j.creator_id, u.username AS creator FROM jobs j JOIN users u ON u.id = j.creator_id
  WHERE j.max_fails IS NOT NULL AND ($1::uuid[] IS NULL OR j.id = ANY ($1))
    AND (j.is_open OR EXISTS (
      SELECT 1 FROM tasks t
      WHERE t.job_id = j.id
        AND (t.state IN ('pending', 'ready') OR t.state = 'running' AND t.cancel_requested_at IS NULL)))
    AND (
      SELECT count(*) FROM (
        SELECT 1 FROM tasks f
        WHERE f.job_id = j.id AND f.state = 'failed' AND f.retried_by IS NULL LIMIT j.max_fails + 1) counted
    ) > j.max_fails`;

/**
 * Cancels the rest of a job in which more tasks have failed than `max_fails` allows. Whoever has committed a failure
 * calls `check`: the last one sees all of them. What a crash has prevented is found by the sweep, which calls
 * `checkAll`.
 */
export class FailingJobs implements Service {
  private readonly toCheck = new Set<string>();
  private checking: Promise<void> | undefined;

  constructor(private readonly deps: FailingJobsDeps) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.checking;
  }

  /** Tasks of these jobs have failed. */
  check(jobs: Iterable<string>): void {
    for (const job of jobs) this.toCheck.add(job);
    if (this.toCheck.size > 0) this.checking ??= this.run().finally(() => (this.checking = undefined));
  }

  async checkAll(): Promise<void> {
    await this.stopExceeded(null);
  }

  private async run(): Promise<void> {
    while (this.toCheck.size > 0) {
      const jobs = [...this.toCheck];
      this.toCheck.clear();
      try {
        await this.stopExceeded(jobs);
      } catch (error) {
        this.deps.log.warn({ err: error }, 'a job with too many failed tasks was not ended; the sweep ends it');
      }
    }
  }

  private async stopExceeded(jobs: readonly string[] | null): Promise<void> {
    const rows = (await this.deps.dataSource.query(EXCEEDED, [jobs])) as ExceededRow[];
    for (const { id, max_fails: max, creator_id: userId, creator: username } of rows) {
      this.deps.log.info(
        { job: id, max_fails: max },
        'cancelling a job of which more tasks have failed than it allows',
      );
      // The job itself asks for it: its creator may have lost the right to cancel it.
      const actor: UserActor = { kind: 'user', userId, username, isAdmin: true, roles: new Map(), sessionId: null };
      await this.deps.cancelJob(actor, id, `more than ${counted(max, 'task')} of its job failed (max_fails)`);
    }
  }
}
