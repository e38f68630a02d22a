import {
  operations,
  type ChangeReceiverInput,
  type CreatedReceiver,
  type CreateReceiverInput,
  type DeliveryView,
  type ReceiverView,
} from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

const { receivers } = operations;

/** Who is told of jobs: the receivers of the caller, or of a group. */
export class ReceiverCalls {
  constructor(private readonly transport: Transport) {}

  async list(group?: string, { signal }: CallOptions = {}): Promise<ReceiverView[]> {
    return (await this.transport.call(receivers.list, { query: { group }, signal })).receivers;
  }

  /** The key of a webhook is in this response and nowhere else. */
  async create(receiver: CreateReceiverInput, { signal }: CallOptions = {}): Promise<CreatedReceiver> {
    return this.transport.call(receivers.create, { body: receiver, signal });
  }

  async change(uuid: string, change: ChangeReceiverInput, { signal }: CallOptions = {}): Promise<ReceiverView> {
    return this.transport.call(receivers.change, { params: { uuid }, body: change, signal, isRepeatable: true });
  }

  async delete(uuid: string, { signal }: CallOptions = {}): Promise<void> {
    await this.transport.call(receivers.delete, { params: { uuid }, signal });
  }

  /** Sends a test message and waits for the first attempt. */
  async test(uuid: string, { signal }: CallOptions = {}): Promise<DeliveryView> {
    return this.transport.call(receivers.test, { params: { uuid }, signal });
  }

  /** Messages to a receiver, newest first. */
  async *deliveries(uuid: string, { signal }: CallOptions = {}): AsyncGenerator<DeliveryView> {
    for (let after: string | undefined; ;) {
      const page = await this.transport.call(receivers.deliveries, { params: { uuid }, query: { after }, signal });
      yield* page.deliveries;
      if (page.next === null) return;
      after = page.next;
    }
  }
}
