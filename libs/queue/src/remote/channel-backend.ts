import type { Log } from '@mitosis/domain';
import { JobSource } from '../job-source.js';
import type { ConsumerOptions, ConsumingBackend, QueueConsumer } from '../queue-backend.js';
import { SlotConsumer } from '../slot-consumer.js';
import { ChannelQueueBackend } from './channel-queue-backend.js';
import { ChannelWake } from './channel-wake.js';
import { DeliveryLink, type DeliveryLinkOptions } from './delivery-link.js';

/** Consumes over a connection to a coordinator that somebody else keeps: no address, no credentials. */
export class ChannelBackend implements ConsumingBackend {
  readonly address = 'the coordinator';
  readonly link: DeliveryLink;
  private consumer: QueueConsumer | undefined;

  constructor(
    options: DeliveryLinkOptions,
    private readonly log: Log = options.log,
  ) {
    this.link = new DeliveryLink(options);
  }

  async start(): Promise<void> {}

  /** One per link. */
  createConsumer(options: ConsumerOptions): QueueConsumer {
    const backends = new Map<string, ChannelQueueBackend>();
    const open = (queue: string): ChannelQueueBackend => {
      const backend = backends.get(queue) ?? new ChannelQueueBackend(this.link, queue);
      backends.set(queue, backend);
      return backend;
    };
    const source = new JobSource(open, (queue, token) => backends.get(queue)?.attemptOf(token));
    this.consumer = new SlotConsumer(source, new ChannelWake(this.link), options, this.log);
    return this.consumer;
  }

  async stop(): Promise<void> {
    await this.consumer?.stop();
    this.link.stop();
  }
}
