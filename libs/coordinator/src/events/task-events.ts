import { EventEmitter } from 'node:events';
import type { Log, Service, TaskState } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';

/** A task has changed; what exactly is to be read from the database. */
export interface TaskEvent {
  readonly task: string;
  readonly state: TaskState;
  /** Id of its group. */
  readonly group: string;
  readonly job: string | null;
  /** What a running task says of itself. */
  readonly progress?: number;
  readonly message?: string | null;
}

/** Events that travel in one message of the bus, which carries up to 1 MiB. */
const CHUNK = 2_000;

/** What hears of every event; task ids are UUIDs. */
const EVERY = 'every';
const jobKey = (job: string): string => `job ${job}`;

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
    for (let start = 0; start < events.length; start += CHUNK) this.publishChunk(events.slice(start, start + CHUNK));
  }

  private publishChunk(events: readonly TaskEvent[]): void {
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

  /** The same for the tasks of a job. */
  onJob(job: string, onEvent: (event: TaskEvent) => void): () => void {
    return this.on(jobKey(job), onEvent);
  }

  /** The same for all tasks. */
  onEvery(onEvent: (event: TaskEvent) => void): () => void {
    return this.on(EVERY, onEvent);
  }

  private emit(events: readonly TaskEvent[]): void {
    for (const event of events) {
      this.emitter.emit(event.task, event);
      if (event.job !== null) this.emitter.emit(jobKey(event.job), event);
      this.emitter.emit(EVERY, event);
    }
  }
}
