import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import type { Offer } from '@mitosis/domain';
import { ToWorker, type ClaimedTask, type FromWorker } from '@mitosis/protocol';
import { connectWorker, reportOf, type CoordinatorFixture } from './coordinator-fixture.js';

export interface OfferingOptions {
  readonly offer: Partial<Offer>;
  readonly machine?: string;
  readonly place?: string;
  readonly slots?: number;
  readonly tags?: string[];
}

const NOTHING: Offer = { cpus: 4, cores: [], mem_bytes: 2 ** 34, disk_bytes: 2 ** 34, gpus: [], units: {} };
const ENFORCES = { memory: 'none', cpu: 'none', disk: 'none', processes: 'none' } as const;

/** A worker as the coordinator sees one, which offers a machine and claims what is placed on it; it runs nothing. */
export class OfferingWorker {
  readonly running = new Map<string, ClaimedTask>();
  isFull = false;
  private beat: NodeJS.Timeout | undefined;
  private onClaimed: (task: ClaimedTask) => void = () => undefined;

  private constructor(
    private readonly client: Awaited<ReturnType<typeof connectWorker>>,
    private readonly socket: ReturnType<Awaited<ReturnType<typeof connectWorker>>['openChannel']>,
  ) {}

  static async connect(
    t: Pick<ExecutionContext, 'teardown'>,
    coordinator: CoordinatorFixture,
    { offer, machine = randomUUID(), place = randomUUID(), slots = 16, tags = [] }: OfferingOptions,
  ): Promise<OfferingWorker> {
    const client = await connectWorker(coordinator, { slots, tags });
    const socket = client.openChannel();
    const worker = new OfferingWorker(client, socket);
    socket.on('message', (data) => worker.obey(ToWorker.parse(JSON.parse(String(data)))));
    socket.on('error', () => undefined);
    await once(socket, 'open');
    const message = { type: 'offer', machine, place, offer: { ...NOTHING, ...offer }, enforces: ENFORCES } as const;
    worker.send(message as unknown as FromWorker);
    worker.heartbeat();
    worker.beat = setInterval(() => worker.heartbeat(), 500);
    t.teardown(() => worker.vanish());
    return worker;
  }

  get uuid(): string {
    return this.client.registration.uuid;
  }

  /** Calls back with each attempt that was opened. */
  listen(onClaimed: (task: ClaimedTask) => void): void {
    this.onClaimed = onClaimed;
  }

  /** Without a word. */
  vanish(): void {
    clearInterval(this.beat);
    this.socket.terminate();
  }

  async claim(task: string): Promise<ClaimedTask | undefined> {
    const [claimed] = await this.client.claim([{ task, request: randomUUID() }]);
    if (claimed) {
      this.running.set(claimed.task, claimed);
      this.onClaimed(claimed);
    }
    return claimed;
  }

  async end(claimed: ClaimedTask): Promise<void> {
    this.running.delete(claimed.task);
    await this.client.report([reportOf(claimed, 0)]);
  }

  private send(message: FromWorker): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private heartbeat(): void {
    const running = [...this.running.values()].map(({ task, attempt, lease }) => ({ task, attempt, lease }));
    const holding = running.map(({ task, attempt }) => ({ task, attempt }));
    this.send({ type: 'heartbeat', running, free_slots: 1, holding });
  }

  private obey(message: ToWorker): void {
    if (message.type === 'room') this.isFull = message.is_full;
    if (message.type === 'place') for (const { task } of message.tasks) void this.claim(task).catch(() => undefined);
  }
}
