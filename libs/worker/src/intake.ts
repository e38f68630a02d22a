import type { Log } from '@mitosis/domain';
import type { QueueConsumer } from '@mitosis/queue';
import type { Prefetch } from './prefetch.js';
import { Room } from './room.js';

export interface IntakeOptions {
  readonly consumer: () => QueueConsumer;
  readonly slots: number;
  readonly prefetch: Prefetch;
  /** Whether anything may be taken: it is wanted, the folder can be used, the coordinator is there. */
  isReady(): boolean;
  readonly log: Log;
}

/**
 * What this worker takes, and when: from queues as long as there is a slot and the machine has room, and what the
 * coordinator has placed here. A placed task takes a slot that no queue may fill meanwhile.
 */
export class Intake {
  private readonly room = new Room(() => this.refresh());
  private placed = 0;

  constructor(private readonly options: IntakeOptions) {}

  /** Takes from queues, or stops doing so, as things are now. */
  refresh(): void {
    if (this.options.isReady() && !this.room.isFull) this.options.consumer().resume();
    else this.pause();
  }

  pause(): void {
    const { consumer, log } = this.options;
    consumer()
      .pause()
      .catch((error: unknown) => log.error({ err: error }, 'could not pause'));
  }

  tellRoom(isFull: boolean): void {
    this.room.tell(isFull);
  }

  /** As many deliveries at a time as slots are left, and some ahead. */
  resize(): void {
    const { consumer, slots, prefetch } = this.options;
    consumer().resize(Math.max(slots - this.placed, 0) + prefetch.size);
  }

  /** Runs what was placed here, unless nothing is to be taken. */
  async takePlaced(take: () => Promise<void>): Promise<void> {
    if (!this.options.isReady()) return;
    this.placed += 1;
    this.resize();
    try {
      await take();
    } finally {
      this.placed -= 1;
      this.resize();
    }
  }
}
