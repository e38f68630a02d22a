import { EventEmitter } from 'node:events';
import type { Log, Service } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';

const CHANNEL = 'workloads';

/**
 * Tells every replica that workloads have got on; how far is to be read from the database. A message may
 * be lost while the bus reconnects, so whoever waits looks again now and then.
 */
export class WorkloadEvents implements Service {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(private readonly deps: { readonly bus: MessageBus; readonly log: Log }) {}

  async start(): Promise<void> {
    this.unsubscribe = await this.deps.bus.subscribe(CHANNEL, (message) => this.emit(JSON.parse(message) as string[]));
  }

  async stop(): Promise<void> {
    await this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /** To be called after the commit. */
  publish(workloads: Iterable<string>): void {
    const ids = [...new Set(workloads)];
    if (ids.length === 0) return;
    this.deps.bus.publish(CHANNEL, JSON.stringify(ids)).catch((error: unknown) => {
      this.deps.log.warn({ err: error, count: ids.length }, 'changes of workloads were not published');
      this.emit(ids);
    });
  }

  /** Calls `onChange` whenever `workload` gets on, until the answered function is called. */
  on(workload: string, onChange: () => void): () => void {
    this.emitter.on(workload, onChange);
    return () => this.emitter.off(workload, onChange);
  }

  private emit(ids: readonly string[]): void {
    for (const id of ids) this.emitter.emit(id);
  }
}
