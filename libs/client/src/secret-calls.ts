import { operations, type SecretView } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

const { secrets } = operations;

/** Secrets of groups: they can be set, and never read. */
export class SecretCalls {
  constructor(private readonly transport: Transport) {}

  async list(group: string, { signal }: CallOptions = {}): Promise<SecretView[]> {
    return (await this.transport.call(secrets.list, { params: { name: group }, signal })).secrets;
  }

  async set(group: string, name: string, value: string, { signal }: CallOptions = {}): Promise<SecretView> {
    return this.transport.call(secrets.set, { params: { name: group, secret: name }, body: { value }, signal });
  }

  async delete(group: string, name: string, { signal }: CallOptions = {}): Promise<void> {
    await this.transport.call(secrets.delete, { params: { name: group, secret: name }, signal });
  }
}
