import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Log } from '@mitosis/domain';
import { Backoff } from '../backoff.js';
import type { WakeSignal } from '../job-source.js';
import { pause, settlesWithin } from '../pause.js';
import { reasonOf } from '../unavailable.js';
import { BLOCK_SECONDS, connectInBackground, endClient } from './redis-client.js';
import { interruptKey, markerKey } from './redis-keys.js';

const INTERRUPT_LIFE_MS = 60_000;

/**
 * One BZPOPMIN over the markers of all queues: BullMQ's own signal. A marker wakes one consumer
 * only; BullMQ sets it again with each job taken, and a consumer that takes none puts it back. A change of the queues
 * interrupts the wait through a key of our own, because cutting the connection could lose a marker on its way.
 */
export class RedisWake implements WakeSignal {
  private readonly id = randomUUID();
  private readonly stopping = new AbortController();
  private wanted: readonly string[] = [];
  /** The list of the wait in flight. */
  private blockedOn: readonly string[] | undefined;
  private unpark: (() => void) | undefined;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly shared: Redis,
    private readonly blocking: Redis,
    private readonly prefix: string,
    private readonly log: Log,
  ) {}

  start(onWake: (queue: string | undefined) => void): void {
    connectInBackground(this.blocking, this.log);
    // After a reconnect the signals sent meanwhile are lost, and the jobs may be too.
    this.blocking.on('ready', () => onWake(undefined));
    this.loop = this.run(onWake);
  }

  listen(queues: readonly string[]): void {
    this.wanted = queues;
    if (queues.length > 0) this.unpark?.();
    if (this.blockedOn !== undefined && queues.length > 0 && queues !== this.blockedOn) this.interrupt(this.blockedOn);
  }

  giveBack(queue: string): void {
    this.send(this.shared.zadd(markerKey(this.prefix, queue), 0, '0'), 'a marker was not given back');
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.unpark?.();
    if (this.loop && this.blockedOn !== undefined && this.blocking.status === 'ready') {
      this.interrupt(this.blockedOn);
      await settlesWithin(500, this.loop);
    }
    await endClient(this.blocking);
    await this.loop;
  }

  private async run(onWake: (queue: string | undefined) => void): Promise<void> {
    const backoff = new Backoff();
    while (!this.stopping.signal.aborted) {
      if (this.wanted.length === 0) {
        await this.park();
        continue;
      }
      try {
        const woken = await this.block(this.wanted);
        backoff.reset();
        if (woken !== undefined) onWake(woken);
      } catch (error) {
        this.log.debug({ reason: reasonOf(error) }, 'waiting for jobs failed');
        await pause(backoff.next(), this.stopping.signal);
        // A denied queue fails the wait for all: fetching finds out which one it is.
        if (!this.stopping.signal.aborted) onWake(undefined);
      }
    }
  }

  private park(): Promise<void> {
    return new Promise((resolve) => {
      this.unpark = () => {
        this.unpark = undefined;
        resolve();
      };
    });
  }

  private async block(queues: readonly string[]): Promise<string | undefined> {
    const keys = new Map(queues.map((queue) => [markerKey(this.prefix, queue), queue]));
    this.blockedOn = queues;
    try {
      const [first = ''] = queues;
      const reply = await this.blocking.bzpopmin(
        interruptKey(this.prefix, first, this.id),
        ...keys.keys(),
        BLOCK_SECONDS,
      );
      return reply === null ? undefined : keys.get(reply[0]);
    } finally {
      this.blockedOn = undefined;
    }
  }

  private interrupt([first = '']: readonly string[]): void {
    const key = interruptKey(this.prefix, first, this.id);
    this.send(this.shared.zadd(key, 0, '0'), 'a wait was not interrupted');
    this.send(this.shared.pexpire(key, INTERRUPT_LIFE_MS), 'an interrupt was not bounded');
  }

  /** Signals are hints: one that can't be sent is made up for by the next wait or sweep. */
  private send(call: Promise<unknown>, message: string): void {
    call.catch((error: unknown) => this.log.debug({ reason: reasonOf(error) }, message));
  }
}
