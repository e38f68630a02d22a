import { SchedulePage, ScheduleView, type CreateScheduleInput } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import { pathPart, queryString } from './query-string.js';
import type { Transport } from './transport.js';

export interface ScheduleFilter {
  readonly group?: string | undefined;
  readonly name?: string | undefined;
}

/** Jobs at the times of a cron expression. */
export class ScheduleCalls {
  constructor(private readonly transport: Transport) {}

  async create(schedule: CreateScheduleInput, { signal }: CallOptions = {}): Promise<ScheduleView> {
    return this.transport.json('POST', '/schedules', ScheduleView, { body: schedule, signal });
  }

  /** All that the filter finds, newest first. */
  async *query(filter: ScheduleFilter = {}, { signal }: CallOptions = {}): AsyncGenerator<ScheduleView> {
    for (let after: string | undefined; ;) {
      const query = queryString({ ...filter, after });
      const page: SchedulePage = await this.transport.json('GET', `/schedules?${query}`, SchedulePage, { signal });
      yield* page.schedules;
      if (page.next === null) return;
      after = page.next;
    }
  }

  async get(uuid: string, { signal }: CallOptions = {}): Promise<ScheduleView> {
    return this.transport.json('GET', `/schedules/${pathPart(uuid)}`, ScheduleView, { signal });
  }

  async steer(uuid: string, verb: 'pause' | 'resume' | 'run-now', { signal }: CallOptions = {}): Promise<ScheduleView> {
    const isRepeatable = verb !== 'run-now';
    return this.transport.json('POST', `/schedules/${pathPart(uuid)}/${verb}`, ScheduleView, { signal, isRepeatable });
  }

  async delete(uuid: string, { signal }: CallOptions = {}): Promise<void> {
    await this.transport.empty('DELETE', `/schedules/${pathPart(uuid)}`, { signal, isRepeatable: true });
  }
}
