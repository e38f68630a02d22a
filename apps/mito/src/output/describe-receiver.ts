import { formatDuration } from '@mitosis/domain';
import type { DeliveryView, ReceiverView, StoredNotify } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { formatTime, timeCell } from './format-time.js';
import type { Paint } from './paint.js';
import { harmless } from './say.js';

function eventNames({ on, stuck_after_ms: stuck }: Pick<StoredNotify, 'on' | 'stuck_after_ms'>): string {
  return on.map((event) => (event === 'stuck' ? `stuck for ${formatDuration(stuck ?? 0)}` : event)).join(', ');
}

function eventsOf({ on, stuck_after_ms: stuck }: ReceiverView): string {
  return on.length === 0 ? 'jobs with --notify' : eventNames({ on, stuck_after_ms: stuck ?? 0 });
}

/** Who is notified of a task or a job, and of which events: `me: failed, stuck for 30 m 0 s`. */
export function describeNotify(notify: StoredNotify): string {
  return `${notify.to.join(', ')}: ${eventNames(notify)}`;
}

function stateOf({ is_paused: isPaused, trouble }: ReceiverView): string {
  if (isPaused) return 'paused';
  return trouble === null ? 'ok' : `failing: ${trouble}`;
}

/** The facts of one receiver, a line each. */
export function describeReceiver(receiver: ReceiverView, paint: Paint): string {
  const facts: [string, string][] = [
    ['uuid', receiver.uuid],
    ['name', receiver.name],
    ['kind', receiver.kind],
    ['target', receiver.target],
    ...(receiver.group === null ? [] : ([['group', receiver.group]] as [string, string][])),
    ['events', eventsOf(receiver)],
    ['an hour', `${receiver.per_hour} messages at most`],
    ['state', stateOf(receiver)],
    ['waiting', String(receiver.waiting)],
    ['created', formatTime(receiver.created_at)],
  ];
  return facts.map(([key, value]) => `${paint.dim(key.padEnd(8))} ${harmless(value)}`).join('\n');
}

/** One line for each receiver. */
export const RECEIVER_LISTING: Listing<ReceiverView> = {
  head: ['NAME', 'KIND', 'TARGET', 'EVENTS', 'STATE', 'WAITING'],
  row: (receiver) => [
    receiver.name,
    receiver.kind,
    receiver.target,
    eventsOf(receiver),
    stateOf(receiver),
    String(receiver.waiting),
  ],
  empty: 'no receivers; "mito notify add" makes one',
};

/** One line for each message to a receiver. */
export const DELIVERY_LISTING: Listing<DeliveryView> = {
  head: ['UUID', 'CREATED', 'EVENT', 'STATE', 'TRIES', 'STATUS', 'TITLE'],
  row: ({ uuid, created_at: created, event, state, attempts, status, title }) => [
    uuid,
    timeCell(created),
    event,
    state,
    String(attempts),
    status ?? '',
    title,
  ],
  empty: 'no messages yet',
};
