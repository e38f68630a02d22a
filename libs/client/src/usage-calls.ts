import { JobEfficiency, UsageTable } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import { pathPart, queryString } from './query-string.js';
import type { Transport } from './transport.js';

export interface UsageFilter {
  /** Any of `user`, `group` and `job`, with commas. */
  readonly by?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly group?: string | undefined;
}

/** What tasks took of the machines. */
export class UsageCalls {
  constructor(private readonly transport: Transport) {}

  /** Of attempts that started in the last 30 days, or since `since`. */
  async table(filter: UsageFilter = {}, { signal }: CallOptions = {}): Promise<UsageTable> {
    return this.transport.json('GET', `/usage?${queryString(filter)}`, UsageTable, { signal });
  }

  /** What the tasks of a job asked for, and used. */
  async ofJob(uuid: string, { signal }: CallOptions = {}): Promise<JobEfficiency> {
    return this.transport.json('GET', `/jobs/${pathPart(uuid)}/efficiency`, JobEfficiency, { signal });
  }
}
