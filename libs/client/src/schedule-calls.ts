import { operations, type CreateScheduleInput, type SchedulePage, type ScheduleView } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

export interface ScheduleFilter {
  readonly group?: string | undefined;
  readonly name?: string | undefined;
}

const { schedules } = operations;

/** Jobs at the times of a cron expression. */
export class ScheduleCalls {
  constructor(private readonly transport: Transport) {}

  async create(schedule: CreateScheduleInput, { signal }: CallOptions = {}): Promise<ScheduleView> {
    return this.transport.call(schedules.create, { body: schedule, signal });
  }

  /** All that the filter finds, newest first. */
  async *query(filter: ScheduleFilter = {}, { signal }: CallOptions = {}): AsyncGenerator<ScheduleView> {
    for (let after: string | undefined; ;) {
      const page: SchedulePage = await this.transport.call(schedules.query, { query: { ...filter, after }, signal });
      yield* page.schedules;
      if (page.next === null) return;
      after = page.next;
    }
  }

  async get(uuid: string, { signal }: CallOptions = {}): Promise<ScheduleView> {
    return this.transport.call(schedules.get, { params: { uuid }, signal });
  }

  async steer(uuid: string, verb: 'pause' | 'resume' | 'run-now', { signal }: CallOptions = {}): Promise<ScheduleView> {
    const steering = { pause: schedules.pause, resume: schedules.resume, 'run-now': schedules.runNow };
    return this.transport.call(steering[verb], { params: { uuid }, signal, isRepeatable: verb !== 'run-now' });
  }

  async delete(uuid: string, { signal }: CallOptions = {}): Promise<void> {
    await this.transport.call(schedules.delete, { params: { uuid }, signal });
  }
}
