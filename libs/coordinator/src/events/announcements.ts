import { EventEmitter } from 'node:events';
import type { Log, Service } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';

const HEARD = 'heard';

export interface AnnouncementsOptions {
  readonly bus: MessageBus;
  /** Of the bus. */
  readonly channel: string;
  readonly log: Log;
}

/** Tells every replica one kind of events, in the order in which one has published them. A message may be lost while the bus reconnects. */
export class Announcements<E extends object> implements Service {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(private readonly options: AnnouncementsOptions) {}

  async start(): Promise<void> {
    const { bus, channel } = this.options;
    this.unsubscribe = await bus.subscribe(channel, (message) => this.emitter.emit(HEARD, JSON.parse(message) as E));
  }

  async stop(): Promise<void> {
    await this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /** To be called after the commit; without the bus it is told here only. */
  publish(event: E): void {
    const { bus, channel, log } = this.options;
    bus.publish(channel, JSON.stringify(event)).catch((error: unknown) => {
      log.warn({ err: error, channel, event }, 'an event was not published');
      this.emitter.emit(HEARD, event);
    });
  }

  /** Calls `onEvent` for each event until the answered function is called. */
  on(onEvent: (event: E) => void): () => void {
    this.emitter.on(HEARD, onEvent);
    return () => this.emitter.off(HEARD, onEvent);
  }
}
