import { EventEmitter } from 'node:events';
import type { Log, Service, TaskState } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';
import { Channel } from '../kernel/channel.js';

/** A task has changed; what exactly is to be read from the database. */
export interface TaskEvent {
  readonly task: string;
  readonly state: TaskState;
  /** Id of its group. */
  readonly group: string;
  readonly job: string | null;
  /** What a running task says of itself. */
  readonly progress?: number | null;
  readonly message?: string | null;
}

/** Events that travel in one message of the bus, which carries up to 1 MiB. */
const CHUNK = 2_000;

/** What hears of every event; task ids are UUIDs. */
const EVERY = 'every';
const jobKey = (job: string): string => `job ${job}`;

/** Tells every replica that tasks have changed. */
export class TaskEvents implements Service {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private readonly channel: Channel<readonly TaskEvent[]>;

  constructor(bus: MessageBus, log: Log) {
    this.channel = new Channel({ bus, name: 'tasks', log });
    this.channel.on((events) => this.emit(events));
  }

  start(): Promise<void> {
    return this.channel.start();
  }

  stop(): Promise<void> {
    return this.channel.stop();
  }

  /** To be called after the commit; a bus that is down costs followers time, nothing else. */
  publish(events: readonly TaskEvent[]): void {
    for (let start = 0; start < events.length; start += CHUNK) this.channel.publish(events.slice(start, start + CHUNK));
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
