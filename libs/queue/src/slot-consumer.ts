import { randomUUID } from 'node:crypto';
import { parseQueueName, type Log } from '@mitosis/domain';
import { Backoff } from './backoff.js';
import { DeliveryRunner } from './delivery-runner.js';
import { GroupRotation, type Turn } from './group-rotation.js';
import type { ClaimedJob, JobSource, WakeSignal } from './job-source.js';
import { pause, settlesWithin } from './pause.js';
import type { ConsumerOptions, QueueConsumer } from './queue-backend.js';
import { isAccessLost, isDenied, reasonOf } from './unavailable.js';

const SWEEP_MS = 30_000;
const STOP_MS = 10_000;
const ACCESS_LOST_EVERY_MS = 10_000;
/** Fetches in flight on one queue: more than one hides the round trip while it has many jobs. */
const FETCHES_MAX = 4;

interface ServedQueue extends Turn {
  /** May have a job: fetch when a slot is free. */
  isReady: boolean;
  /** Our credentials do not reach it: neither fetched nor waited for until the next sweep. */
  isDenied: boolean;
  /** Counts wake-ups, so that one which arrives during an empty fetch is not lost. */
  wakes: number;
  fetches: number;
  /** How many fetches may be in flight: doubled by each that finds a job, 1 after one that finds none. */
  fetchesMax: number;
  /** We got a signal that no fetch has followed: somebody else may need it. */
  hasSignal: boolean;
}

/**
 * Queues become ready by a wake-up, by being attached, or by the sweep, and stay so until a fetch
 * that no wake-up overlapped finds nothing. While a slot is free, ready queues are fetched in
 * turns; when none is ready the consumer listens; when it takes no job, signals it got are passed on.
 */
export class SlotConsumer implements QueueConsumer {
  private readonly rotation = new GroupRotation<ServedQueue>();
  private readonly served = new Map<string, ServedQueue>();
  private readonly runner: DeliveryRunner;
  private readonly backoff = new Backoff();
  /** Everything that `stop` waits for: fetches, deliveries, their completions, sweeps. */
  private readonly work = new Set<Promise<void>>();
  private readonly fetching = new Map<Promise<void>, ServedQueue>();
  private readonly stopping = new AbortController();
  private listened: readonly string[] = [];
  private isStarted = false;
  private isPaused = false;
  private taken = 0;
  private slots: number;
  private holdTimer: NodeJS.Timeout | undefined;
  private accessLostAt = Number.NEGATIVE_INFINITY;
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly source: JobSource,
    private readonly signal: WakeSignal,
    private readonly options: ConsumerOptions,
    private readonly log: Log,
  ) {
    this.slots = options.slots;
    this.runner = new DeliveryRunner(source, options, this.stopping.signal, log);
  }

  get freeSlots(): number {
    return Math.max(this.slots - this.taken, 0);
  }

  async start(): Promise<void> {
    if (this.isStarted || this.stopping.signal.aborted) return;
    this.isStarted = true;
    this.signal.start((queue) => this.wake(queue));
    this.track(this.sweepUntilStopped());
    this.pump();
  }

  async setQueues(names: readonly string[]): Promise<void> {
    const wanted = new Map(names.map((name) => [name, parseQueueName(name).group]));
    const detached = [...this.served.values()].filter((queue) => !wanted.has(queue.name));
    for (const queue of detached) this.detach(queue);
    for (const queue of this.served.values()) queue.isReady = queue.isReady || queue.isDenied;
    for (const queue of this.served.values()) queue.isDenied = false;
    for (const [name, group] of wanted) if (!this.served.has(name)) this.attach(name, group);
    this.relisten();
    this.pump();
    const fetches = [...this.fetching].filter(([, queue]) => detached.includes(queue));
    await Promise.all(fetches.map(([fetch]) => fetch));
  }

  async pause(): Promise<void> {
    this.isPaused = true;
    this.pump();
    while (this.fetching.size > 0) await Promise.all(this.fetching.keys());
  }

  resume(): void {
    this.isPaused = false;
    this.wake(undefined);
  }

  resize(slots: number): void {
    this.slots = slots;
    this.pump();
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.holdTimer);
    this.pump();
    const stopMs = this.options.stopMs ?? STOP_MS;
    const isSettled = await settlesWithin(stopMs, this.allWork());
    if (!isSettled) this.log.warn({ stopMs, deliveries: this.taken }, 'deliveries did not settle before the stop');
    this.runner.stop();
    await this.signal.stop();
  }

  private async allWork(): Promise<void> {
    while (this.work.size > 0) await Promise.all(this.work);
  }

  private attach(name: string, group: string): void {
    const counts = { wakes: 0, fetches: 0, fetchesMax: 1 };
    const queue = { name, group, isReady: true, isDenied: false, hasSignal: false, ...counts };
    this.served.set(name, queue);
    this.rotation.add(queue);
  }

  private detach(queue: ServedQueue): void {
    this.served.delete(queue.name);
    this.rotation.remove(queue);
    this.source.forget(queue.name);
    this.passOn(queue);
  }

  private passOn(queue: ServedQueue): void {
    if (queue.hasSignal) this.signal.giveBack(queue.name);
    queue.hasSignal = false;
  }

  private relisten(): void {
    this.listened = [...this.served.values()].filter((queue) => !queue.isDenied).map((queue) => queue.name);
  }

  private wake(name: string | undefined): void {
    const woken = [...this.served.values()].filter((queue) => name === undefined || queue.name === name);
    // Detached while its signal was on the way.
    if (name !== undefined && woken.length === 0) this.signal.giveBack(name);
    for (const queue of woken) {
      if (queue.isDenied) continue;
      queue.isReady = true;
      queue.hasSignal = name !== undefined;
      queue.wakes += 1;
    }
    this.pump();
  }

  private get takesJobs(): boolean {
    return this.isStarted && !this.isPaused && !this.stopping.signal.aborted && this.holdTimer === undefined;
  }

  private pump(): void {
    if (!this.isStarted) return;
    while (this.takesJobs && this.freeSlots > 0) {
      const queue = this.rotation.next((turn) => turn.isReady && turn.fetches < turn.fetchesMax);
      if (queue === undefined) break;
      this.taken += 1;
      queue.fetches += 1;
      queue.hasSignal = false;
      const fetch = this.fetch(queue);
      this.fetching.set(fetch, queue);
      this.track(fetch.finally(() => this.fetching.delete(fetch)));
    }
    this.signal.listen(this.takesJobs && this.freeSlots > 0 ? this.listened : [], this.freeSlots);
    const willFetch = this.freeSlots > 0 && !this.isPaused && !this.stopping.signal.aborted;
    if (!willFetch) for (const queue of this.rotation) this.passOn(queue);
  }

  /** Runs with its slot taken; the slot goes to the delivery, or is freed when there is none. */
  private async fetch(queue: ServedQueue): Promise<void> {
    const wakes = queue.wakes;
    const job = await this.claim(queue);
    queue.fetches -= 1;
    queue.fetchesMax = job === undefined ? 1 : Math.min(queue.fetchesMax * 2, FETCHES_MAX);
    if (job === undefined) {
      this.taken -= 1;
      if (queue.wakes === wakes) queue.isReady = false;
    } else {
      this.track(this.runner.run(job, () => this.freeSlot()));
    }
    this.pump();
  }

  private freeSlot(): void {
    this.taken -= 1;
    this.pump();
  }

  private async claim(queue: ServedQueue): Promise<ClaimedJob | undefined> {
    try {
      const job = await this.source.claim(queue.name, randomUUID(), this.options.name);
      this.backoff.reset();
      this.options.onFetched?.();
      return job;
    } catch (error) {
      this.claimFailed(queue, error);
      return undefined;
    }
  }

  private claimFailed(queue: ServedQueue, error: unknown): void {
    this.log.debug({ queue: queue.name, reason: reasonOf(error) }, 'no job could be fetched');
    if (isDenied(error)) {
      queue.isDenied = true;
      this.relisten();
      return;
    }
    this.options.onFetched?.(error);
    this.reportAccessLost(error);
    // Still to be fetched, but not before a pause: the server is away or busy.
    queue.wakes += 1;
    queue.hasSignal = true;
    this.holdTimer ??= setTimeout(() => {
      this.holdTimer = undefined;
      this.pump();
    }, this.backoff.next());
  }

  private reportAccessLost(error: unknown): void {
    if (!isAccessLost(error) || Date.now() - this.accessLostAt < ACCESS_LOST_EVERY_MS) return;
    this.accessLostAt = Date.now();
    try {
      this.options.onAccessLost?.();
    } catch (thrown) {
      this.log.error({ reason: reasonOf(thrown) }, 'onAccessLost threw');
    }
  }

  /** The safety net: finds jobs whose signal or whose holder was lost. */
  private async sweepUntilStopped(): Promise<void> {
    const sweepMs = this.options.sweepMs ?? SWEEP_MS;
    while (!this.stopping.signal.aborted) {
      await pause(sweepMs * (0.75 + Math.random() / 2), this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      for (const queue of this.served.values()) queue.isDenied = false;
      this.relisten();
      for (const name of this.served.keys()) await this.recover(name);
      this.wake(undefined);
    }
  }

  private async recover(queue: string): Promise<void> {
    if (this.stopping.signal.aborted) return;
    try {
      const recovered = await this.source.recover(queue);
      if (recovered.length > 0) this.log.info({ queue, jobs: recovered.length }, 'put stalled jobs back');
    } catch (error) {
      this.log.debug({ queue, reason: reasonOf(error) }, 'stalled jobs were not looked for');
      this.reportAccessLost(error);
    }
  }

  private track(work: Promise<void>): void {
    this.work.add(work);
    void work.finally(() => this.work.delete(work));
  }
}
