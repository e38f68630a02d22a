import type { DataSource } from 'typeorm';
import type { Log, Service } from '@mitosis/domain';
import type { QueuePublisher } from '@mitosis/queue';
import { loseExpiredAttempts } from '../attempts/lose-expired-attempts.js';
import { describeStuck, stuckQueues, type StuckQueue } from '../groups/stuck-queues.js';
import { putBackHeld } from '../jobs/suspension.js';
import { drifting, Rounds } from '../kernel/rounds.js';
import type { SettledTask } from '../kernel/settled-task.js';
import type { HandOver } from './hand-over.js';
import { releaseDueTasks } from './release-due-tasks.js';
import { removeExpired } from './remove-expired.js';
import { settleWorkloads } from './settle-workloads.js';
import { sweepQueue } from './sweep-queue.js';

export interface ReconcilerOptions {
  readonly dataSource: DataSource;
  readonly publisher: QueuePublisher;
  readonly handOver: Pick<HandOver, 'publish'>;
  readonly log: Log;
  /** Every worker gets this long to speak up before one is declared lost. */
  readonly leaseMs: number;
  /** Called after a commit that moved tasks. */
  onSettled(settled: readonly SettledTask[]): void;
  /** Called with queues that may have tasks to hand over. */
  onReady(queues: ReadonlySet<string>): void;
  /** Called after a commit that ended workloads. */
  onWorkloads(workloads: readonly string[]): void;
  /** Called at each sweep, for jobs with too many failed tasks. */
  endFailingJobs(): Promise<void>;
}

const TICK_MS = 3_000;
/** Ticks between two comparisons of a queue with the tasks. */
const SWEEP_EVERY = 3;
/** Ticks between two removals of expired rows: ten minutes. */
const EXPIRE_EVERY = 200;

/**
 * Makes true again what a crash, a wiped queue or a lost message has left undone; it alone can
 * rebuild an empty queue. Every replica runs it: each step takes only rows that no other has.
 *
 * After a time in which heartbeats could not be stored (this process was not running, the
 * database was away) nobody is declared lost before everybody had a whole lease to speak up.
 */
export class Reconciler implements Service {
  private readonly rounds: Rounds;
  private ticks = 0;
  private healthySince: number | undefined;
  private lastTickAt = 0;
  /** By queue: jobs that a worker had at the last sweep, without having claimed them. */
  private taken: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  /** By queue: its first task when it did not move; said once. */
  private stuck: ReadonlyMap<string, string> = new Map();
  /** Queues that could not be swept the last time; said once. */
  private failing: ReadonlySet<string> = new Set();

  constructor(private readonly options: ReconcilerOptions) {
    const { log } = options;
    this.rounds = new Rounds({ work: () => this.tick(), what: 'reconciling', log, retryMs: TICK_MS });
  }

  async start(): Promise<void> {
    this.healthySince = undefined;
    await this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** Looks for tasks whose start time has come, in `delayMs`. */
  wakeIn(delayMs: number): void {
    setTimeout(() => void this.release(), delayMs + 5).unref();
  }

  private async tick(): Promise<number> {
    const now = performance.now();
    const wasAway = now - this.lastTickAt > TICK_MS * 3;
    const healthySince = wasAway ? now : (this.healthySince ?? now);
    this.lastTickAt = now;
    // Until this tick has succeeded: after one that fails everybody has a whole lease again.
    this.healthySince = undefined;
    await this.release();
    if (now - healthySince > this.options.leaseMs) await this.loseExpired();
    await this.settleWorkloads();
    if (this.ticks % SWEEP_EVERY === 0) await this.sweep();
    if (this.ticks % EXPIRE_EVERY === 0) await this.expire();
    this.ticks += 1;
    this.healthySince = healthySince;
    return drifting(TICK_MS);
  }

  private async settleWorkloads(): Promise<void> {
    const { settled, workloads } = await settleWorkloads(this.options.dataSource);
    this.options.onSettled(settled);
    this.options.onWorkloads(workloads);
  }

  private async release(): Promise<void> {
    try {
      const queues = await releaseDueTasks(this.options.dataSource);
      if (queues.size > 0) this.options.onReady(queues);
    } catch (error) {
      this.options.log.warn({ err: error }, 'releasing due tasks failed; trying again');
    }
  }

  private async expire(): Promise<void> {
    try {
      await removeExpired(this.options.dataSource);
    } catch (error) {
      this.options.log.warn({ err: error }, 'keys and logins that have expired were not removed; trying again later');
    }
  }

  private async loseExpired(): Promise<void> {
    const settled = await loseExpiredAttempts(this.options.dataSource);
    if (settled.length > 0) this.options.log.warn({ count: settled.length }, 'leases ran out, their workers are lost');
    this.options.onSettled(settled);
  }

  private async sweep(): Promise<void> {
    const { dataSource } = this.options;
    await putBackHeld(dataSource);
    await this.options.endFailingJobs();
    // Probes of two partial indexes for each queue: the cost does not grow with the number of tasks.
    const rows = (await dataSource.query(
      `SELECT q.name AS queue,
         EXISTS (SELECT 1 FROM tasks t WHERE t.queue = q.name AND t.state = 'ready' AND t.dispatched_at IS NULL
         AND t.needs IS NULL) AS is_waiting,
         EXISTS (SELECT 1 FROM tasks t WHERE t.queue = q.name AND t.state = 'ready' AND t.dispatched_at IS NOT NULL)
         AS is_handed_over
       FROM queues q`,
    )) as { queue: string; is_waiting: boolean; is_handed_over: boolean }[];
    const waiting = new Set(rows.filter(({ is_waiting }) => is_waiting).map(({ queue }) => queue));
    const swept = new Map<string, ReadonlySet<string>>();
    const failing = new Set<string>();
    for (const { queue } of rows.filter(({ is_handed_over }) => is_handed_over)) {
      const { taken, isWaiting } = await this.sweepOne(queue).catch((error: unknown) => {
        failing.add(queue);
        return this.notSwept(queue, error);
      });
      swept.set(queue, taken);
      if (isWaiting) waiting.add(queue);
    }
    this.taken = swept;
    this.failing = failing;
    this.options.onReady(waiting);
    await this.nameStuck();
  }

  private async sweepOne(queue: string): Promise<{ taken: ReadonlySet<string>; isWaiting: boolean }> {
    const { log } = this.options;
    const { missing, taken, abandoned } = await sweepQueue(this.options, queue, this.taken.get(queue) ?? new Set());
    if (missing > 0) log.warn({ queue, count: missing }, 'jobs were missing in the queue and were put there again');
    if (abandoned > 0)
      log.warn({ queue, count: abandoned }, 'jobs were taken and not claimed; they are handed over again');
    return { taken, isWaiting: abandoned > 0 };
  }

  /** One queue that can't be swept holds up no other. */
  private notSwept(queue: string, error: unknown): { taken: ReadonlySet<string>; isWaiting: boolean } {
    if (!this.failing.has(queue)) this.options.log.warn({ err: error, queue }, 'a queue was not swept; trying again');
    return { taken: new Set(), isWaiting: false };
  }

  /** Says once of a queue that it does not move. */
  private async nameStuck(): Promise<void> {
    const found = await stuckQueues(this.options.dataSource);
    const isHeldBack = async ({ queue }: StuckQueue): Promise<boolean> => this.options.publisher.isPaused(queue);
    const stuck = new Map<string, string>();
    for (const one of found) {
      if (await isHeldBack(one).catch(() => false)) continue;
      stuck.set(one.queue, one.task);
      if (!this.stuck.has(one.queue)) this.options.log.error({ ...one }, `a queue is stuck: ${describeStuck(one)}`);
    }
    this.stuck = stuck;
  }
}
