import { EventEmitter } from 'node:events';
import type { Log, Service } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';
import { Channel } from '../kernel/channel.js';

/** Tells every replica that computations have got on; how far is to be read from the database. */
export class WorkloadEvents implements Service {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private readonly channel: Channel<readonly string[]>;

  constructor({ bus, log }: { readonly bus: MessageBus; readonly log: Log }) {
    this.channel = new Channel({ bus, name: 'workloads', log });
    this.channel.on((ids) => ids.forEach((id) => this.emitter.emit(id)));
  }

  start(): Promise<void> {
    return this.channel.start();
  }

  stop(): Promise<void> {
    return this.channel.stop();
  }

  /** To be called after the commit. */
  publish(workloads: Iterable<string>): void {
    const ids = [...new Set(workloads)];
    if (ids.length > 0) this.channel.publish(ids);
  }

  /** Calls `onChange` whenever `workload` gets on, until the returned function is called. */
  on(workload: string, onChange: () => void): () => void {
    this.emitter.on(workload, onChange);
    return () => this.emitter.off(workload, onChange);
  }
}
