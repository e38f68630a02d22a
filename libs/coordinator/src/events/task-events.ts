import type { Log, Service, TaskState } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';
import { EventEmitter } from 'node:events';

/** A task has changed; what exactly is to be read from the database. */
export interface TaskEvent {
  readonly task: string;
  readonly state: TaskState;
}

const CHANNEL = 'tasks';

/**
 * Tells every replica that tasks have changed. A message may be lost while the bus reconnects, so
 * whoever waits looks at the database first, and again now and then.
 */
export class TaskEvents implements Service {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    this.unsubscribe = await this.bus.subscribe(CHANNEL, (message) => this.emit(JSON.parse(message) as TaskEvent[]));
  }

  async stop(): Promise<void> {
    await this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /** To be called after the commit; a bus that is down costs followers time, nothing else. */
  publish(events: readonly TaskEvent[]): void {
    if (events.length === 0) return;
    this.bus.publish(CHANNEL, JSON.stringify(events)).catch((error: unknown) => {
      this.log.warn({ err: error, count: events.length }, 'task events were not published');
      this.emit(events);
    });
  }

  /** Calls `onEvent` for each change of `task` until the answered function is called. */
  on(task: string, onEvent: (event: TaskEvent) => void): () => void {
    this.emitter.on(task, onEvent);
    return () => this.emitter.off(task, onEvent);
  }

  private emit(events: readonly TaskEvent[]): void {
    for (const event of events) this.emitter.emit(event.task, event);
  }
}
