import { randomUUID } from 'node:crypto';

/** Events that are kept for readers whose connection broke. */
const KEPT = 5_000;

export interface Numbered<E> {
  /** Of the stream: tells the replica and its start from others. */
  readonly id: string;
  readonly event: E;
}

/**
 * The newest events of this replica, so that a reader who comes back continues where it was. It is a convenience: a
 * reader of another replica, or one that was away for longer, is told to read again what it shows.
 */
export class EventHistory<E> {
  private readonly start = randomUUID();
  private readonly events: Numbered<E>[] = [];
  private readonly listeners = new Set<(numbered: Numbered<E>) => void>();
  private last = 0;

  add(event: E): void {
    this.last += 1;
    const numbered = { id: `${this.start}.${this.last}`, event };
    this.events.push(numbered);
    if (this.events.length > KEPT * 2) this.events.splice(0, KEPT);
    for (const listener of this.listeners) listener(numbered);
  }

  on(listener: (numbered: Numbered<E>) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** What has happened after the event `id`; undefined when that is no longer known. */
  since(id: string): readonly Numbered<E>[] | undefined {
    const [start, number] = id.split('.');
    const first = this.last - this.events.length;
    const at = Number(number) - first;
    if (start !== this.start || !Number.isInteger(at) || at < 0 || at > this.events.length) return undefined;
    return this.events.slice(at);
  }
}
