import { parseQueueName, type Log } from '@mitosis/domain';
import { Backoff } from '../backoff.js';
import { GroupRotation } from '../group-rotation.js';
import type { ClaimedJob, JobSource, WakeSignal } from '../job-source.js';
import { pause } from '../pause.js';
import { reasonOf } from '../unavailable.js';
import type { DeliveryDesk, DeskConnection, DeskOptions, RemoteConsumer } from './delivery-desk.js';
import { deskQueue, type DeskQueue } from './desk-queue.js';
import { DeskSession } from './desk-session.js';

const SWEEP_MS = 30_000;
/** Fetches in flight on one queue: more than one hides the round trip while it has many jobs. */
const FETCHES_MAX = 8;
/** After this time the desk looks again at consumers that could not be reached. */
const UNREACHABLE_MS = 250;

/**
 * Queues become ready by a wake-up, by being attached, or by the sweep, and stay so until a fetch that no wake-up
 * overlapped finds nothing. Ready queues that somebody has room for are fetched in turns: round robin over groups,
 * over the queues of a group, over the consumers of a queue. One signal serves all consumers.
 */
export class QueueDesk implements DeliveryDesk {
  private readonly rotation = new GroupRotation<DeskQueue>();
  private readonly queues = new Map<string, DeskQueue>();
  private readonly served = new Map<DeskSession, Set<DeskQueue>>();
  private readonly stopping = new AbortController();
  private readonly work = new Set<Promise<void>>();
  private readonly backoff = new Backoff();
  private holdTimer: NodeJS.Timeout | undefined;
  private lookTimer: NodeJS.Timeout | undefined;
  private listened: readonly string[] = [];
  private isStarted = false;

  constructor(
    private readonly source: JobSource,
    private readonly signal: WakeSignal,
    private readonly options: DeskOptions,
    private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    if (this.isStarted || this.stopping.signal.aborted) return;
    this.isStarted = true;
    this.signal.start((queue) => this.wake(queue));
    this.track(this.sweepUntilStopped());
    this.pump();
  }

  /** Jobs that were fetched are delivered or put back before it resolves. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.holdTimer);
    clearTimeout(this.lookTimer);
    for (const session of this.served.keys()) session.close();
    while (this.work.size > 0) await Promise.all(this.work);
    await this.signal.stop();
  }

  attach(consumer: RemoteConsumer): DeskConnection {
    const { source, log } = this;
    const session: DeskSession = new DeskSession(consumer, {
      source,
      hooks: this.options.hooks,
      log,
      onRoomChanged: (changed) => this.roomChanged(changed),
    });
    this.served.set(session, new Set());
    return {
      setQueues: (names) => this.setQueues(session, names),
      receive: async (message) => {
        await session.receive(message);
        // It is alive.
        this.pump();
      },
      recheck: () => session.recheck(),
      close: () => this.detach(session),
    };
  }

  private detach(session: DeskSession): void {
    session.close();
    this.setQueues(session, []);
    this.served.delete(session);
  }

  private setQueues(session: DeskSession, names: readonly string[]): void {
    const served = this.served.get(session);
    if (served === undefined) return;
    const wanted = new Map(names.map((name) => [name, parseQueueName(name).group]));
    session.allow(wanted.keys());
    for (const queue of served) if (!wanted.has(queue.name)) this.leave(session, queue, served);
    for (const [name, group] of wanted) served.add(this.join(session, name, group));
    this.roomChanged(session);
  }

  private join(session: DeskSession, name: string, group: string): DeskQueue {
    const queue = this.queues.get(name) ?? deskQueue(name, group);
    if (!this.queues.has(name)) {
      this.queues.set(name, queue);
      this.rotation.add(queue);
    }
    queue.sessions.add(session);
    return queue;
  }

  private leave(session: DeskSession, queue: DeskQueue, served: Set<DeskQueue>): void {
    served.delete(queue);
    queue.sessions.delete(session);
    queue.waiting.delete(session);
    if (queue.sessions.size > 0) return;
    this.queues.delete(queue.name);
    this.rotation.remove(queue);
    this.passOn(queue);
  }

  private passOn(queue: DeskQueue): void {
    if (queue.hasSignal) this.signal.giveBack(queue.name);
    queue.hasSignal = false;
  }

  private roomChanged(session: DeskSession): void {
    const isWaiting = session.hasRoom;
    for (const queue of this.served.get(session) ?? []) {
      if (isWaiting) queue.waiting.add(session);
      else queue.waiting.delete(session);
    }
    this.pump();
  }

  private wake(name: string | undefined): void {
    const woken = name === undefined ? [...this.queues.values()] : [this.queues.get(name)].flatMap((one) => one ?? []);
    if (name !== undefined && woken.length === 0) this.signal.giveBack(name);
    for (const queue of woken) {
      queue.isReady = true;
      queue.hasSignal = name !== undefined;
      queue.wakes += 1;
    }
    this.pump();
  }

  private get isFetching(): boolean {
    return this.isStarted && !this.stopping.signal.aborted && this.holdTimer === undefined;
  }

  private pump(): void {
    if (!this.isStarted) return;
    while (this.isFetching) {
      let session: DeskSession | undefined;
      const queue = this.rotation.next((turn) => {
        if (!turn.isReady || turn.fetches >= turn.fetchesMax) return false;
        session = this.firstReachable(turn);
        return session !== undefined;
      });
      const token = session?.takeToken();
      if (queue === undefined || session === undefined || token === undefined) break;
      this.fetchFor(session, queue, token);
    }
    this.listen();
  }

  private firstReachable(queue: DeskQueue): DeskSession | undefined {
    for (const session of queue.waiting) if (session.isReachable) return session;
    if (queue.waiting.size > 0) this.lookTimer ??= setTimeout(() => this.lookAgain(), UNREACHABLE_MS);
    return undefined;
  }

  private lookAgain(): void {
    this.lookTimer = undefined;
    this.pump();
  }

  private fetchFor(session: DeskSession, queue: DeskQueue, token: string): void {
    // To the end of the line, in all its queues.
    for (const served of this.served.get(session) ?? []) {
      served.waiting.delete(session);
      if (session.hasRoom) served.waiting.add(session);
    }
    queue.fetches += 1;
    queue.hasSignal = false;
    this.track(this.fetch(session, queue, token));
  }

  private async fetch(session: DeskSession, queue: DeskQueue, token: string): Promise<void> {
    const { wakes } = queue;
    const job = await this.claim(session, queue, token);
    queue.fetches -= 1;
    queue.fetchesMax = job === undefined ? 1 : Math.min(queue.fetchesMax * 2, FETCHES_MAX);
    if (job === undefined) {
      if (queue.wakes === wakes) queue.isReady = false;
      session.returnToken(token);
      return this.roomChanged(session);
    }
    this.pump();
    await session.deliver(job);
  }

  private async claim(session: DeskSession, queue: DeskQueue, token: string): Promise<ClaimedJob | undefined> {
    try {
      const job = await this.source.claim(queue.name, token, session.consumer.name);
      this.backoff.reset();
      return job;
    } catch (error) {
      this.log.debug({ queue: queue.name, reason: reasonOf(error) }, 'no job could be fetched');
      // Still to be fetched, but not before a pause: the server is away or busy.
      queue.wakes += 1;
      queue.hasSignal = true;
      this.holdTimer ??= setTimeout(() => {
        this.holdTimer = undefined;
        this.pump();
      }, this.backoff.next());
      return undefined;
    }
  }

  /** Waits for signals of the queues that somebody has room for; passes on those that nobody here can use. */
  private listen(): void {
    const wanted: string[] = [];
    for (const queue of this.rotation) {
      if (queue.waiting.size > 0) wanted.push(queue.name);
      else this.passOn(queue);
    }
    if (!this.isFetching) return this.signal.listen([], 0);
    wanted.sort();
    const isSame = wanted.length === this.listened.length && wanted.every((name, at) => name === this.listened[at]);
    if (!isSame && wanted.length > 0) this.listened = wanted;
    this.signal.listen(wanted.length === 0 ? [] : this.listened, wanted.length);
  }

  /** The safety net: finds jobs whose signal or whose holder was lost. */
  private async sweepUntilStopped(): Promise<void> {
    const sweepMs = this.options.sweepMs ?? SWEEP_MS;
    while (!this.stopping.signal.aborted) {
      await pause(sweepMs * (0.75 + Math.random() / 2), this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      for (const name of [...this.queues.keys()]) await this.recover(name);
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
    }
  }

  private track(work: Promise<void>): void {
    this.work.add(work);
    void work.finally(() => this.work.delete(work));
  }
}
