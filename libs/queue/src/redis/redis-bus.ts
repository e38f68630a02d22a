import type { Redis } from 'ioredis';
import type { Log } from '@mitosis/domain';
import { checkMessage } from '../message-limit.js';
import { settlesWithin } from '../pause.js';
import type { MessageBus } from '../queue-backend.js';
import { Subscribers } from '../subscribers.js';
import { orUnavailable, reasonOf } from '../unavailable.js';
import { connectInBackground, endClient } from './redis-client.js';

const READY_MS = 5_000;

/** Redis pub/sub; the subscribing connection is made with the first subscription. */
export class RedisBus implements MessageBus {
  private readonly subscribers: Subscribers;

  constructor(
    private readonly shared: Redis,
    private readonly subscribing: Redis,
    private readonly prefix: string,
    private readonly log: Log,
  ) {
    this.subscribers = new Subscribers(log);
  }

  async start(): Promise<void> {
    // A second listener would deliver each message twice.
    if (this.subscribing.listenerCount('message') > 0) return;
    this.subscribing.on('message', (key, message) => {
      this.subscribers.deliver(key.slice(this.keyOf('').length), message);
    });
    this.subscribing.on('ready', () => void this.listenTo(this.subscribers.channels()));
  }

  async stop(): Promise<void> {
    this.subscribers.clear();
    await endClient(this.subscribing);
  }

  async publish(channel: string, message: string): Promise<void> {
    checkMessage(message);
    await orUnavailable(() => this.shared.publish(this.keyOf(channel), message));
  }

  async subscribe(channel: string, onMessage: (message: string) => void): Promise<() => Promise<void>> {
    connectInBackground(this.subscribing, this.log);
    const unsubscribe = this.subscribers.add(channel, onMessage);
    if (await this.isReady()) await this.listenTo([channel]);
    return async () => {
      unsubscribe();
      if (this.subscribers.has(channel) || this.subscribing.status !== 'ready') return;
      await orUnavailable(() => this.subscribing.unsubscribe(this.keyOf(channel)));
    };
  }

  /** Waits for the connection, within bounds: without it the subscription is made when it is there. */
  private async isReady(): Promise<boolean> {
    if (this.subscribing.status === 'ready') return true;
    return settlesWithin(READY_MS, new Promise((resolve) => this.subscribing.once('ready', resolve)));
  }

  private async listenTo(channels: readonly string[]): Promise<void> {
    if (channels.length === 0) return;
    try {
      await this.subscribing.subscribe(...channels.map((channel) => this.keyOf(channel)));
    } catch (error) {
      this.log.debug({ reason: reasonOf(error) }, 'the bus could not subscribe');
      this.subscribing.disconnect(true);
    }
  }

  private keyOf(channel: string): string {
    return `${this.prefix}:bus:${channel}`;
  }
}
