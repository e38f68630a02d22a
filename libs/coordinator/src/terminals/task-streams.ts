import { randomUUID } from 'node:crypto';
import type { Log, Service } from '@mitosis/domain';
import type { FromWorker, StreamWish, ToWorker } from '@mitosis/protocol';
import type { MessageBus } from '@mitosis/queue';
import { Channel } from '../kernel/channel.js';
import type { RunningPlace } from './find-running.js';
import { TaskStream, type StreamHandlers } from './task-stream.js';

export type StreamMessage = Extract<FromWorker, { type: 'stream' }>;

interface BusMessage {
  readonly worker: string;
  readonly message: StreamMessage;
}

export interface TaskStreamsOptions {
  readonly bus: MessageBus;
  readonly log: Log;
  sendToWorker(workerId: string, message: ToWorker): void;
  /** How long a worker has until a stream is open. */
  readonly openMs?: number;
}

/** A command has to be found and started, and the program of its task may just be starting. */
const OPEN_MS = 15_000;

/**
 * Streams between the people at this replica and running attempts. What is sent to a worker goes to whichever replica
 * has it, and what it sends comes back over the bus.
 */
export class TaskStreams implements Service {
  private readonly streams = new Map<string, TaskStream>();
  private readonly channel: Channel<BusMessage>;

  constructor(private readonly options: TaskStreamsOptions) {
    this.channel = new Channel({ bus: options.bus, name: 'streams', log: options.log });
    this.channel.on(({ worker, message }) => this.take(worker, message));
  }

  start(): Promise<void> {
    return this.channel.start();
  }

  async stop(): Promise<void> {
    for (const stream of this.streams.values()) stream.lose('the coordinator stops');
    await this.channel.stop();
  }

  /** A message of a worker of this replica: for somebody here or elsewhere. */
  async onMessage(worker: string, message: StreamMessage): Promise<void> {
    if (!this.take(worker, message)) await this.channel.published({ worker, message });
  }

  /** Opens a stream into an attempt. Throws why the worker refuses it, and `stream_lost`. */
  async open(
    { worker, attempt }: RunningPlace,
    wish: StreamWish,
    handlers: StreamHandlers,
    signal: AbortSignal,
  ): Promise<TaskStream> {
    const id = randomUUID();
    const send = (part: Extract<ToWorker, { type: 'stream' }>['part']): void =>
      this.options.sendToWorker(worker, { type: 'stream', stream: id, part });
    const stream = new TaskStream({ worker, send, handlers, onClosed: () => this.streams.delete(id) });
    this.streams.set(id, stream);
    const leave = (): void => stream.close();
    signal.addEventListener('abort', leave, { once: true });
    void stream.closed.then(() => signal.removeEventListener('abort', leave));
    // Only once: a command that is started twice has done its work twice.
    send({ op: 'open', attempt, wish });
    if (signal.aborted) leave();
    await stream.opened(this.options.openMs ?? OPEN_MS);
    return stream;
  }

  private take(worker: string, { stream: id, part }: StreamMessage): boolean {
    const stream = this.streams.get(id);
    if (stream?.worker === worker) stream.receive(part);
    return stream !== undefined;
  }
}
