/**
 * When a worker counts as there. Everything that needs to know whether a worker is alive, or how long
 * it may be away, takes it from here.
 */
export interface Presence {
  /** A worker that sends no heartbeat for longer than this loses its running attempts. */
  readonly leaseMs: number;
  /** The interval between two heartbeats of a worker. */
  readonly heartbeatMs: number;
  /** A worker whose last heartbeat is older than this is silent: nobody counts on it. */
  readonly silentMs: number;
}

export const LEASE_MIN_MS = 3_000;
export const LEASE_MAX_MS = 3_600_000;

const HEARTBEAT_MAX_MS = 5_000;
const HEARTBEATS_MISSED = 3;

/** Three heartbeats fit into a lease. A longer lease does not make a silent worker look alive for longer. */
export function presenceOf(leaseMs: number): Presence {
  const heartbeatMs = Math.min(HEARTBEAT_MAX_MS, Math.floor(leaseMs / HEARTBEATS_MISSED));
  return { leaseMs, heartbeatMs, silentMs: heartbeatMs * HEARTBEATS_MISSED };
}
