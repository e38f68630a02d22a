import { formatDuration } from '@mitosis/domain';
import type { DeliveryView, ReceiverView } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { formatTime, timeCell } from './format-time.js';
import type { Paint } from './paint.js';
import { harmless } from './say.js';

function eventsOf({ on, stuck_after_ms: stuck }: ReceiverView): string {
  if (on.length === 0) return 'jobs submitted with --notify';
  return on.map((event) => (event === 'stuck' ? `stuck for ${formatDuration(stuck ?? 0)}` : event)).join(', ');
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
    ['told of', eventsOf(receiver)],
    ['an hour', `${receiver.per_hour} messages at most`],
    ['state', stateOf(receiver)],
    ['waiting', String(receiver.waiting)],
    ['created', formatTime(receiver.created_at)],
  ];
  return facts.map(([key, value]) => `${paint.dim(key.padEnd(8))} ${harmless(value)}`).join('\n');
}

/** One line for each receiver. */
export const RECEIVER_LISTING: Listing<ReceiverView> = {
  head: ['NAME', 'KIND', 'TARGET', 'TOLD OF', 'STATE', 'WAITING'],
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
