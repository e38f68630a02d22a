import type { Log, Service } from '@mitosis/domain';
import type { QueuePublisher } from '@mitosis/queue';
import type { DataSource } from 'typeorm';
import { reserveWindow } from './reserve-window.js';

export interface DispatcherOptions {
  readonly dataSource: DataSource;
  readonly publisher: QueuePublisher;
  readonly log: Log;
}

/**
 * Hands ready tasks to their queues, a bounded window of each. `wake` is called after each commit
 * that may have made room or work; calls that arrive meanwhile are one further round. What a crash
 * leaves between the commit and the queue is found by the sweep of the reconciler.
 */
export class Dispatcher implements Service {
  private readonly rounds = new Map<string, { isAgain: boolean; done: Promise<void> }>();
  private isStopped = false;

  constructor(private readonly options: DispatcherOptions) {}

  async start(): Promise<void> {
    this.isStopped = false;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all([...this.rounds.values()].map(({ done }) => done));
  }

  wake(queues: Iterable<string>): void {
    for (const queue of new Set(queues)) this.wakeOne(queue);
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
    const deliveries = await reserveWindow(this.options.dataSource, queue);
    if (deliveries.length > 0) await this.options.publisher.publish(queue, deliveries);
  }
}
