import type { WakeSignal } from '../job-source.js';
import type { PgListener } from './pg-listener.js';

/** The channel on which BullMQ announces jobs of all queues, with the queue's name as payload. */
const JOBS_CHANNEL = 'bullmq_jobs';

/** BullMQ's NOTIFY: it reaches every consumer, so nothing has to be given back. */
export class PostgresWake implements WakeSignal {
  private unsubscribe: Promise<() => Promise<void>> | undefined;
  private stopRebuilt: (() => void) | undefined;

  constructor(private readonly listener: PgListener) {}

  start(onWake: (queue: string | undefined) => void): void {
    this.unsubscribe = this.listener.subscribe(JOBS_CHANNEL, onWake);
    this.stopRebuilt = this.listener.onRebuilt(() => onWake(undefined));
  }

  listen(): void {}

  giveBack(): void {}

  async stop(): Promise<void> {
    this.stopRebuilt?.();
    const unsubscribe = await this.unsubscribe;
    await unsubscribe?.();
  }
}
