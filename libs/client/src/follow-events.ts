import { setTimeout as delay } from 'node:timers/promises';
import { MitoError } from '@mitosis/domain';
import { GroupChanged, JobChanged, operations, TaskChanged } from '@mitosis/protocol';
import { serverSentEvents } from './server-sent-events.js';
import type { Transport } from './transport.js';

export interface EventFilter {
  readonly group?: string | undefined;
  readonly job?: string | undefined;
  readonly task?: string | undefined;
}

/** What has changed: a task, a job as a whole, or a group. */
export type Changed =
  | ({ readonly type: 'task' } & TaskChanged)
  | ({ readonly type: 'job' } & JobChanged)
  | ({ readonly type: 'group' } & GroupChanged);

const RECONNECT_MS = 500;

/**
 * Changes of tasks, jobs and groups, as they happen. Continues over broken connections; what happened meanwhile is not
 * told: whoever needs to know what is, asks.
 */
export async function* followEvents(
  transport: Transport,
  filter: EventFilter,
  signal: AbortSignal | undefined,
): AsyncGenerator<Changed> {
  for (let wasConnected = false; ;) {
    try {
      const headers = { Accept: 'text/event-stream' };
      const response = await transport.request(operations.events.follow, { query: filter, headers, signal });
      wasConnected = true;
      for await (const { event, data } of serverSentEvents(response.body)) {
        if (event === 'task') yield { type: 'task', ...TaskChanged.parse(JSON.parse(data)) };
        if (event === 'group') yield { type: 'group', ...GroupChanged.parse(JSON.parse(data)) };
        if (event === 'job') yield { type: 'job', ...JobChanged.parse(JSON.parse(data)) };
      }
    } catch (error) {
      const isPassing = error instanceof MitoError ? error.kind === 'unavailable' : true;
      if (signal?.aborted || !wasConnected || !isPassing) throw error;
    }
    await delay(RECONNECT_MS, undefined, { signal });
  }
}
