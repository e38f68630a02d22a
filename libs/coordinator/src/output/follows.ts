import { randomUUID } from 'node:crypto';
import type { Log, Service } from '@mitosis/domain';
import type { AttemptRef, ToWorker } from '@mitosis/protocol';
import type { MessageBus } from '@mitosis/queue';
import { Channel } from '../kernel/channel.js';
import type { OutputMessage } from '../workers/worker-channels.js';

export interface FollowsOptions {
  readonly bus: MessageBus;
  readonly log: Log;
  sendToWorker(workerId: string, message: ToWorker): void;
}

interface Follow {
  readonly worker: string;
  onMessage(message: OutputMessage): void;
  restart(): void;
}

type BusMessage = { readonly output: OutputMessage } | { readonly connected: string };

/** Asks workers for the output of running attempts, on behalf of the readers of this replica. */
export class Follows implements Service {
  private readonly follows = new Map<string, Follow>();
  private readonly channel: Channel<BusMessage>;

  constructor(private readonly options: FollowsOptions) {
    this.channel = new Channel({ bus: options.bus, name: 'follows', log: options.log });
    this.channel.on((message) => {
      if ('output' in message) this.follows.get(message.output.follow)?.onMessage(message.output);
      else this.restartAll(message.connected);
    });
  }

  start(): Promise<void> {
    return this.channel.start();
  }

  stop(): Promise<void> {
    return this.channel.stop();
  }

  /** Output that arrived from a worker of this replica: for a reader here or elsewhere. */
  async onOutput(output: OutputMessage): Promise<void> {
    const follow = this.follows.get(output.follow);
    if (follow) follow.onMessage(output);
    else await this.channel.published({ output });
  }

  /** The worker has a new connection: whatever was asked of it is asked again, from where it was. */
  onConnected(workerId: string): void {
    this.channel.publish({ connected: workerId });
  }

  /**
   * Delivers the output of a running attempt from byte `from` on, in order, without gaps, one
   * chunk at a time (the worker sends no further than the window beyond what was taken). Resolves
   * when the worker has sent everything (of a snapshot: what there was), or when `signal` fires; no
   * chunk is being delivered then.
   */
  async follow(
    worker: string,
    attempt: AttemptRef,
    { from, isSnapshot }: { readonly from: number; readonly isSnapshot: boolean },
    onChunk: (frames: Buffer, offset: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    let id = '';
    let offset = from;
    let work: Promise<void> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      const ask = (): void => {
        this.close(worker, id);
        id = randomUUID();
        this.follows.set(id, { worker, onMessage, restart: () => void work.then(ask, reject) });
        this.options.sendToWorker(worker, {
          type: 'follow',
          follow: id,
          attempt,
          from: offset,
          is_snapshot: isSnapshot,
        });
      };
      const take = async (message: OutputMessage): Promise<void> => {
        if (message.follow !== id || signal.aborted) return;
        if (message.type === 'output_end') return resolve();
        const frames = Buffer.from(message.frames_base64, 'base64');
        if (message.offset !== offset) return ask();
        await onChunk(frames, offset);
        offset += frames.length;
        this.options.sendToWorker(worker, { type: 'follow_ack', follow: id, offset });
      };
      const onMessage = (message: OutputMessage): void => {
        work = work.then(() => take(message)).catch(reject);
      };
      signal.addEventListener('abort', () => resolve(), { once: true });
      ask();
    }).finally(() => this.close(worker, id));
    // A slow reader may still be taking a chunk: whoever continues begins after it.
    await work;
  }

  private close(worker: string, id: string): void {
    if (!this.follows.delete(id)) return;
    this.options.sendToWorker(worker, { type: 'unfollow', follow: id });
  }

  private restartAll(workerId: string): void {
    for (const follow of this.follows.values()) if (follow.worker === workerId) follow.restart();
  }
}
