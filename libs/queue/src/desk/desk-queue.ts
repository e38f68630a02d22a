import type { Turn } from '../group-rotation.js';
import type { DeskSession } from './desk-session.js';

/** A queue that at least one consumer of the desk serves. */
export interface DeskQueue extends Turn {
  /** May have a job: fetch when somebody has room. */
  isReady: boolean;
  /** Counts wake-ups, so that one which arrives during an empty fetch is not lost. */
  wakes: number;
  fetches: number;
  /** How many fetches may be in flight: doubled by each that finds a job, 1 after one that finds none. */
  fetchesMax: number;
  /** There was a signal that no fetch has followed: a consumer of another replica may need it. */
  hasSignal: boolean;
  /** Those who serve it. */
  readonly sessions: Set<DeskSession>;
  /** Those of them that have room, the one that waits longest first. */
  readonly waiting: Set<DeskSession>;
}

export function deskQueue(name: string, group: string): DeskQueue {
  const counts = { wakes: 0, fetches: 0, fetchesMax: 1 };
  return { name, group, isReady: true, hasSignal: false, ...counts, sessions: new Set(), waiting: new Set() };
}
