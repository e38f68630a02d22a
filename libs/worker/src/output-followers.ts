import { anySignal, type Log } from '@mitosis/domain';
import { FOLLOW_WINDOW_BYTES, type FromWorker, type ToWorker } from '@mitosis/protocol';
import type { RunningAttempts } from './running-attempts.js';

type FollowRequest = Extract<ToWorker, { type: 'follow' }>;

interface Wanted extends Pick<FollowRequest, 'follow' | 'attempt' | 'from'> {
  readonly isSnapshot: boolean;
}

interface Follower {
  readonly stop: AbortController;
  acknowledged: number;
  /** Resolves when more was acknowledged. */
  onAck: (() => void) | undefined;
}

/** Sends the output of running attempts to whoever asked for it, never further than its window. */
export class OutputFollowers {
  private readonly followers = new Map<string, Follower>();

  constructor(
    private readonly running: RunningAttempts,
    private readonly send: (message: FromWorker) => void,
    private readonly log: Log,
  ) {}

  receive(message: Extract<ToWorker, { type: 'follow' | 'follow_ack' | 'unfollow' }>): void {
    if (message.type === 'follow') this.follow(message);
    else if (message.type === 'follow_ack') this.acknowledge(message.follow, message.offset);
    else this.unfollow(message.follow);
  }

  private follow({ follow, attempt, from, is_snapshot: isSnapshot }: FollowRequest): void {
    const follower: Follower = { stop: new AbortController(), acknowledged: from, onAck: undefined };
    this.followers.set(follow, follower);
    this.deliver({ follow, attempt, from, isSnapshot }, follower).then(
      () => this.end(follow, undefined),
      (error: unknown) => this.end(follow, error),
    );
  }

  private async deliver({ follow, attempt, from, isSnapshot }: Wanted, follower: Follower): Promise<void> {
    const reached = new AbortController();
    const signal = anySignal([follower.stop.signal, reached.signal]);
    const execution = await this.running.execution(attempt, signal);
    if (!execution) throw new Error('the attempt has no output here');
    const end = isSnapshot ? await execution.outputBytes() : Infinity;
    if (from >= end) return;
    const onChunk = async (bytes: Buffer, offset: number): Promise<void> => {
      await this.roomFor(follower, offset + bytes.length);
      if (!signal.aborted) this.send({ type: 'output', follow, offset, frames_base64: bytes.toString('base64') });
      if (offset + bytes.length >= end) reached.abort();
    };
    await execution.follow(from, onChunk, signal);
  }

  private acknowledge(follow: string, offset: number): void {
    const follower = this.followers.get(follow);
    if (!follower) return;
    follower.acknowledged = offset;
    follower.onAck?.();
  }

  private unfollow(follow: string): void {
    const follower = this.followers.get(follow);
    this.followers.delete(follow);
    follower?.stop.abort();
    follower?.onAck?.();
  }

  /** The connection is gone: the readers will ask again. */
  unfollowAll(): void {
    for (const follow of this.followers.keys()) this.unfollow(follow);
  }

  private async roomFor(follower: Follower, end: number): Promise<void> {
    while (end - follower.acknowledged > FOLLOW_WINDOW_BYTES && !follower.stop.signal.aborted) {
      await new Promise<void>((resolve) => (follower.onAck = resolve));
    }
  }

  private end(follow: string, error: unknown): void {
    if (!this.followers.delete(follow)) return;
    if (error !== undefined) this.log.warn({ err: error }, 'output could not be followed');
    const reason = error instanceof Error ? error.message : undefined;
    this.send({ type: 'output_end', follow, ...(reason !== undefined && { error: reason }) });
  }
}
