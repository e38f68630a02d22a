import { operations, type JobEfficiency, type UsageTable } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
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
    return this.transport.call(operations.usage.table, { query: filter, signal });
  }

  /** What the tasks of a job asked for, and used. */
  async ofJob(uuid: string, { signal }: CallOptions = {}): Promise<JobEfficiency> {
    return this.transport.call(operations.jobs.efficiency, { params: { uuid }, signal });
  }
}
