import type { DataSource } from 'typeorm';
import { isAllowed } from '@mitosis/domain';
import { GroupChanged, JobChanged, operations, TaskChanged, type EventQuery } from '@mitosis/protocol';
import { EventHistory, type Numbered } from '../events/event-history.js';
import type { GroupEvent } from '../events/group-events.js';
import type { JobEvent, JobEvents } from '../events/job-events.js';
import type { TaskEvent, TaskEvents } from '../events/task-events.js';
import type { Channel } from '../kernel/channel.js';
import type { ApiRouter } from './api-router.js';

export interface EventRouteDeps {
  readonly dataSource: DataSource;
  readonly events: TaskEvents;
  readonly jobEvents: JobEvents;
  readonly groupEvents: Channel<GroupEvent>;
}

/** A comment now and then keeps proxies from closing a stream on which nothing happens. */
const KEEP_ALIVE_MS = 15_000;
/** A reader that is further behind is told so and loses what it did not take. */
const BUFFER_BYTES = 1_048_576;

/**
 * Ids of groups and their names, as far as they were needed. Who asks
 * for the same one first is answered first: events keep their order.
 */
class GroupNames {
  private readonly known = new Map<string, Promise<string>>();

  constructor(private readonly dataSource: DataSource) {}

  async of(id: string): Promise<string> {
    const name = this.known.get(id) ?? this.read(id);
    this.known.set(id, name);
    return name;
  }

  private async read(id: string): Promise<string> {
    try {
      const [row] = (await this.dataSource.query('SELECT name FROM groups WHERE id = $1', [id])) as { name: string }[];
      return row?.name ?? '';
    } catch (error) {
      this.known.delete(id);
      throw error;
    }
  }
}

type Event = TaskEvent | JobEvent | GroupEvent;

function isAbout(event: Event, { task, job }: EventQuery): boolean {
  if (task !== undefined && !('task' in event && event.task === task)) return false;
  return job === undefined || ('job' in event && event.job === job);
}

/** As the stream has it; `group` is the name. */
function toEvent({ id, event }: Numbered<Event>, group: string): string {
  const write = (type: string, data: object): string => `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  if (!('job' in event)) return write('group', GroupChanged.parse({ ...event, group }));
  if ('change' in event) return write('job', JobChanged.parse({ ...event, group }));
  const { task, job, state, progress = null, message = null } = event;
  return write('task', TaskChanged.parse({ task, group, job, state, progress, message }));
}

/** `GET /events`: what happens to tasks, jobs and groups that the caller may see, as server-sent events. */
export function eventRoutes(api: ApiRouter, { dataSource, events, jobEvents, groupEvents }: EventRouteDeps): void {
  const names = new GroupNames(dataSource);
  const history = new EventHistory<Event>();
  for (const source of [events.onEvery.bind(events), jobEvents.on.bind(jobEvents), groupEvents.on.bind(groupEvents)])
    source((event: Event) => history.add(event));
  api.mountRaw(operations.events.follow, async ({ actor: caller, query, again, whileAllowed, req, res }) => {
    let actor = caller;
    const signal = whileAllowed(async () => (actor = await again()));
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    res.write(': listening\n\n');
    const isWanted = (event: Event): boolean =>
      isAbout(event, query) && isAllowed(actor, { action: 'task.read', groupId: event.group });
    const show = async (numbered: Numbered<Event>): Promise<void> => {
      const group = await names.of(numbered.event.group);
      if (signal.aborted || (query.group ?? group) !== group) return;
      if (res.writableLength > BUFFER_BYTES) return void res.end('event: too_slow\ndata: {}\n\n');
      res.write(toEvent(numbered, group));
    };
    // A name that can't be looked up now ends the stream: the reader comes back.
    const hear = (numbered: Numbered<Event>): void =>
      void (isWanted(numbered.event) && show(numbered).catch(() => res.end()));
    const last = req.get('last-event-id');
    const missed = last === undefined ? [] : history.since(last);
    // What happened meanwhile is not known here: the reader has to read again what it shows.
    if (missed === undefined) res.write('event: resync\ndata: {}\n\n');
    else missed.forEach(hear);
    const keepAlive = setInterval(() => res.write(': still here\n\n'), KEEP_ALIVE_MS);
    const off = history.on(hear);
    signal.addEventListener('abort', () => (off(), clearInterval(keepAlive), res.end()), { once: true });
  });
}
