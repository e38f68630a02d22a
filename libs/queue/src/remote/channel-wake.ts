import type { WakeSignal } from '../job-source.js';
import type { DeliveryLink } from './delivery-link.js';

/** A delivery that has arrived is the signal; the room that is left is what the coordinator may fill. */
export class ChannelWake implements WakeSignal {
  constructor(private readonly link: DeliveryLink) {}

  start(onWake: (queue: string) => void): void {
    this.link.listen(onWake);
  }

  listen(queues: readonly string[], room: number): void {
    this.link.want(queues.length === 0 ? 0 : room);
  }

  giveBack(queue: string): void {
    this.link.giveBack(queue);
  }

  async stop(): Promise<void> {
    this.link.want(0);
    this.link.giveBack();
  }
}
