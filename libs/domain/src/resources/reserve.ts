import { assign, withHeld, type Assignment, type Usage } from './assign.js';
import type { Need } from './need.js';
import type { Offer } from './offer.js';

/** What runs on a machine, with what it holds and until when it may run at most. */
export interface RunningHold {
  /** Null for an attempt that asked for nothing; it counts for cores only. */
  readonly assigned: Assignment | null;
  readonly startedAt: number;
  readonly endsAt: number;
}

/** A machine that is kept free for a task. */
export interface ReservedFor {
  readonly task: string;
  readonly needs: readonly Need[];
  readonly since: number;
}

/** What `running` takes of a machine. */
export function usageOf(running: readonly RunningHold[], looseCpus: number): Usage {
  const held = running.flatMap(({ assigned }) => assigned ?? []);
  return { held, looseCpus: (running.length - held.length) * looseCpus };
}

/**
 * When the task of a reservation could start at the latest, if everything runs as long as it may; `Infinity` when
 * something has no time limit, or when it would not fit even then.
 */
export function startsBy(
  offer: Offer,
  running: readonly RunningHold[],
  reserved: ReservedFor,
  looseCpus: number,
): number {
  const left = running.toSorted((a, b) => a.endsAt - b.endsAt);
  for (let ended = 0; ended <= left.length; ended += 1) {
    if (assign(offer, usageOf(left.slice(ended), looseCpus), reserved.needs).assignment)
      return ended === 0 ? 0 : (left[ended - 1]?.endsAt ?? 0);
  }
  return Infinity;
}

export interface SlipIn {
  readonly offer: Offer;
  readonly running: readonly RunningHold[];
  readonly reserved: ReservedFor;
  readonly candidate: { readonly assigned: Assignment | null; readonly timeoutMs: number | null };
  readonly now: number;
  /** Cores that an attempt counts for which asked for nothing. */
  readonly looseCpus: number;
}

/**
 * True when a task may start on a machine that is kept free for another one: it ends before that one could start, or
 * that one fits beside it and all others that have slipped in.
 */
export function maySlipIn({ offer, running, reserved, candidate, now, looseCpus }: SlipIn): boolean {
  const { assigned, timeoutMs } = candidate;
  const endsAt = timeoutMs === null ? Infinity : now + timeoutMs;
  const start = startsBy(offer, running, reserved, looseCpus);
  if (Number.isFinite(start) && endsAt <= start) return true;
  const since = running.filter(({ startedAt }) => startedAt >= reserved.since);
  const beside = usageOf(since, looseCpus);
  const withCandidate = assigned ? withHeld(beside, assigned) : { ...beside, looseCpus: beside.looseCpus + looseCpus };
  return assign(offer, withCandidate, reserved.needs).assignment !== undefined;
}
