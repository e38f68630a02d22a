import type { AttemptReport, FromWorker } from '@mitosis/protocol';
import type { HostOffer } from './host-offer.js';
import type { RunningAttempts } from './running-attempts.js';

type Heartbeat = Extract<FromWorker, { type: 'heartbeat' }>;

/** Leases that one message renews: with many reports to deliver there may be more. */
const HEARTBEAT_LEASES = 4096;

/** All of which a process may be left here; nothing is said of a machine that offers nothing, and in parts never. */
export function holdingOf({ all }: RunningAttempts, offer: HostOffer | undefined): Pick<Heartbeat, 'holding'> {
  if (!offer || all.length > HEARTBEAT_LEASES) return {};
  return { holding: all.map(({ claim: { task, attempt } }) => ({ task, attempt })) };
}

/** One or more heartbeats that name every attempt which is under way or not reported yet. */
export function heartbeatsOf(
  running: RunningAttempts,
  pending: readonly AttemptReport[],
  facts: Omit<Heartbeat, 'type' | 'running'>,
): Heartbeat[] {
  const open = running.current.map(({ claim: { task, attempt, lease } }) => ({ task, attempt, lease }));
  const leases = [...open, ...pending.map(({ task, attempt, lease }) => ({ task, attempt, lease }))];
  const count = Math.max(Math.ceil(leases.length / HEARTBEAT_LEASES), 1);
  return Array.from({ length: count }, (_, index) => ({
    type: 'heartbeat',
    running: leases.slice(index * HEARTBEAT_LEASES, (index + 1) * HEARTBEAT_LEASES),
    ...facts,
  }));
}
