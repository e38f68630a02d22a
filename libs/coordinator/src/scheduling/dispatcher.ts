import type { DataSource } from 'typeorm';
import { keepPlan } from '@mitosis/database';
import type { Log, Service } from '@mitosis/domain';
import type { HandOver } from './hand-over.js';
import { openGate } from './open-gate.js';
import { reserveWindow, WINDOW_BASE } from './reserve-window.js';

export interface DispatcherOptions {
  /** Connections whose commits need not reach the disk. */
  readonly hints: DataSource;
  readonly handOver: Pick<HandOver, 'publish'>;
  readonly log: Log;
  /** A worker whose last heartbeat is older than this makes no room in the windows. */
  readonly silentMs: number;
}

/** A window is filled again once this many tasks were taken from it. */
const REFILL_TASKS = WINDOW_BASE / 2;

/** Fewer of them, after this time: slow tasks leave the window fuller than the workers need it. */
const REFILL_MS = 100;

/** A job that another worker has to take is offered again after this time. */
const AVOIDED_MS = 250;

/** A group without limits is asked about so often. */
const UNLIMITED_MS = 1_000;

/** The queues of a group that has a limit, or tasks that wait for their limits. */
const LIMITED_QUEUES = keepPlan(`
  SELECT q.name FROM queues q JOIN groups g ON g.id = q.group_id
  WHERE g.id = $1 AND (g.running_tasks_max IS NOT NULL
    OR EXISTS (SELECT 1 FROM tasks t WHERE t.group_id = g.id AND t.state = 'ready' AND t.is_gated AND NOT t.is_held))`);

/**
 * Hands ready tasks to their queues, a bounded window of each. `wake` is called after each commit
 * that may have made room or work; calls that arrive meanwhile are one further round. What a crash
 * leaves between the commit and the queue is found by the sweep of the reconciler.
 */
export class Dispatcher implements Service {
  private readonly rounds = new Map<string, { isAgain: boolean; done: Promise<void> }>();
  /** Groups that were asked about lately and had no limits; true: to be asked about again. */
  private readonly unlimited = new Map<string, boolean>();
  private readonly taken = new Map<string, number>();
  private refill: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(private readonly options: DispatcherOptions) {}

  async start(): Promise<void> {
    this.isStopped = false;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.refill);
    this.refill = undefined;
    await Promise.all([...this.rounds.values()].map(({ done }) => done));
  }

  wake(queues: Iterable<string>): void {
    for (const queue of new Set(queues)) this.wakeOne(queue);
  }

  /**
   * Like `wake`, for queues from which tasks were only taken, each named as often: the rest of the
   * window is being worked on meanwhile, so the room is filled once for many of them.
   */
  wakeSoon(queues: Iterable<string>): void {
    for (const queue of queues) this.taken.set(queue, (this.taken.get(queue) ?? 0) + 1);
    this.refillFrom([...this.taken].filter(([, count]) => count >= REFILL_TASKS));
    this.refill ??= setTimeout(() => {
      this.refill = undefined;
      this.refillFrom([...this.taken]);
    }, REFILL_MS);
  }

  /** Like `wake`, some time later: for jobs that another worker has to take. */
  wakeLater(queues: ReadonlySet<string>): void {
    setTimeout(() => this.wake(queues), AVOIDED_MS).unref();
  }

  private refillFrom(taken: readonly (readonly [string, number])[]): void {
    for (const [queue] of taken) this.taken.delete(queue);
    this.wake(taken.map(([queue]) => queue));
  }

  /** Like `wake`, for all queues of a group. */
  wakeGroup(groupId: string): void {
    this.find('SELECT name FROM queues WHERE group_id = $1', groupId);
  }

  /** Tasks of these groups have ended: where a limit of running tasks holds, others can be handed over now. */
  wakeLimited(groupIds: ReadonlySet<string>): void {
    for (const groupId of groupIds) {
      if (this.unlimited.has(groupId)) this.unlimited.set(groupId, true);
      else this.askForLimits(groupId);
    }
  }

  private askForLimits(groupId: string): void {
    this.unlimited.set(groupId, false);
    this.find(LIMITED_QUEUES, groupId, () => this.unlimited.delete(groupId));
    setTimeout(() => {
      const isToAsk = this.unlimited.get(groupId);
      this.unlimited.delete(groupId);
      if (isToAsk && !this.isStopped) this.askForLimits(groupId);
    }, UNLIMITED_MS).unref();
  }

  private find(sql: string, groupId: string, onFound?: () => void): void {
    this.options.hints.query(sql, [groupId]).then(
      (rows: { name: string }[]) => {
        if (rows.length > 0) onFound?.();
        this.wake(rows.map(({ name }) => name));
      },
      (error: unknown) =>
        this.options.log.warn({ err: error }, 'the queues of a group were not found; the sweep finds them'),
    );
  }

  private wakeOne(queue: string): void {
    if (this.isStopped) return;
    const running = this.rounds.get(queue);
    if (running) {
      running.isAgain = true;
      return;
    }
    const round = { isAgain: false, done: Promise.resolve() };
    this.rounds.set(queue, round);
    round.done = this.run(queue, round);
  }

  private async run(queue: string, round: { isAgain: boolean }): Promise<void> {
    do {
      round.isAgain = false;
      try {
        await this.dispatch(queue);
      } catch (error) {
        this.options.log.warn({ err: error, queue }, 'dispatching failed; the sweep tries again');
      }
    } while (round.isAgain && !this.isStopped);
    this.rounds.delete(queue);
  }

  private async dispatch(queue: string): Promise<void> {
    const [opened] = await Promise.all([openGate(this.options.hints, queue), this.handOver(queue)]);
    // A gate that has opened, perhaps only now, is a further round.
    this.wake(opened);
  }

  private async handOver(queue: string): Promise<void> {
    for (let isAgain = true; isAgain && !this.isStopped;) {
      const { deliveries, setAside } = await reserveWindow(this.options.hints, queue, this.options.silentMs);
      await this.options.handOver.publish(queue, deliveries);
      isAgain = setAside > 0;
    }
  }
}
