import { SecretList, SecretView } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import { pathPart } from './query-string.js';
import type { Transport } from './transport.js';

/** Secrets of groups: they can be set, and never read. */
export class SecretCalls {
  constructor(private readonly transport: Transport) {}

  async list(group: string, { signal }: CallOptions = {}): Promise<SecretView[]> {
    return (await this.transport.json('GET', `/groups/${pathPart(group)}/secrets`, SecretList, { signal })).secrets;
  }

  async set(group: string, name: string, value: string, { signal }: CallOptions = {}): Promise<SecretView> {
    const path = `/groups/${pathPart(group)}/secrets/${pathPart(name)}`;
    return this.transport.json('PUT', path, SecretView, { body: { value }, signal, isRepeatable: true });
  }

  async delete(group: string, name: string, { signal }: CallOptions = {}): Promise<void> {
    await this.transport.empty('DELETE', `/groups/${pathPart(group)}/secrets/${pathPart(name)}`, { signal });
  }
}
