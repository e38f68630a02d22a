import { EventEmitter } from 'node:events';
import type { Log, Service } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';

const HEARD = 'heard';

export interface ChannelOptions {
  readonly bus: MessageBus;
  /** Of the channel, on the bus. */
  readonly name: string;
  readonly log: Log;
}

/**
 * Messages of one kind between the replicas of the coordinator, in the order in which one has published them. A
 * message may be lost while the bus reconnects: whoever waits for one looks at the database now and then.
 */
export class Channel<Message extends object> implements Service {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(private readonly options: ChannelOptions) {}

  async start(): Promise<void> {
    const { bus, name } = this.options;
    this.unsubscribe = await bus.subscribe(name, (text) => this.emitter.emit(HEARD, JSON.parse(text) as Message));
  }

  async stop(): Promise<void> {
    await this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /** To be called after the commit; while the bus is down, the message is heard by this replica only. */
  publish(message: Message): void {
    void this.published(message);
  }

  /** The same, and resolves when it is on its way: for whoever passes on what others send, and is to wait for that. */
  async published(message: Message): Promise<void> {
    const { bus, name, log } = this.options;
    await bus.publish(name, JSON.stringify(message)).catch((error: unknown) => {
      log.warn({ err: error, channel: name }, 'a message to the other replicas was not published');
      this.emitter.emit(HEARD, message);
    });
  }

  /** Calls `onMessage` for each message until the returned function is called. */
  on(onMessage: (message: Message) => void): () => void {
    this.emitter.on(HEARD, onMessage);
    return () => this.emitter.off(HEARD, onMessage);
  }
}
