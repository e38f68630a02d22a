import type { Log } from '@mitosis/domain';
import { reasonOf } from './unavailable.js';

type OnMessage = (message: string) => void;

/** Who listens to which channel, in this process. */
export class Subscribers {
  private readonly byChannel = new Map<string, Set<{ readonly onMessage: OnMessage }>>();

  constructor(private readonly log: Log) {}

  /** Returns the function that ends it; the same function may be added twice. */
  add(channel: string, onMessage: OnMessage): () => void {
    const entries = this.byChannel.get(channel) ?? new Set();
    const entry = { onMessage };
    entries.add(entry);
    this.byChannel.set(channel, entries);
    return () => {
      entries.delete(entry);
      if (entries.size === 0 && this.byChannel.get(channel) === entries) this.byChannel.delete(channel);
    };
  }

  has(channel: string): boolean {
    return this.byChannel.has(channel);
  }

  channels(): string[] {
    return [...this.byChannel.keys()];
  }

  clear(): void {
    this.byChannel.clear();
  }

  /** One listener that throws keeps the message from no other. */
  deliver(channel: string, message: string): void {
    for (const { onMessage } of this.byChannel.get(channel) ?? []) {
      try {
        onMessage(message);
      } catch (error) {
        this.log.error({ channel, reason: reasonOf(error) }, 'a listener of the bus threw');
      }
    }
  }
}
