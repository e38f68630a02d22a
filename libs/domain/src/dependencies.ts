import { MitoError } from './errors.js';
import { isFinal, type TaskState } from './task-state.js';

/**
 * What one task may wait for: that another has `completed`, has `ended` in any way, has `failed`
 * (or was cancelled), or has `started`.
 */
export type DependencyCondition = 'completed' | 'ended' | 'failed' | 'started';

export const DEPENDENCY_CONDITIONS = ['completed', 'ended', 'failed', 'started'] as const;

export type DependencyVerdict = 'open' | 'met' | 'unmet';

/** What a dependency is on: a task, or a job as a whole. */
export interface Prerequisite {
  readonly state: TaskState;
  /** An attempt was begun. */
  readonly hasStarted: boolean;
}

/** Whether a condition has come true, can no longer come true, or is open. */
export function judgeDependency(
  condition: DependencyCondition,
  { state, hasStarted }: Prerequisite,
): DependencyVerdict {
  if (condition === 'started' && hasStarted) return 'met';
  if (!isFinal(state)) return 'open';
  if (condition === 'ended') return 'met';
  return (condition === 'completed') === (state === 'completed') && condition !== 'started' ? 'met' : 'unmet';
}

/** The state of a job as others wait for it: open while a task is, completed when all tasks did. */
export function jobState(isOpen: boolean, counts: Readonly<Partial<Record<TaskState, number>>>): TaskState {
  const count = (...states: TaskState[]): number => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  if (count('running') > 0) return 'running';
  if (isOpen || count('pending', 'ready') > 0)
    return count('completed', 'failed', 'cancelled') > 0 ? 'running' : 'ready';
  if (count('failed') > 0) return 'failed';
  return count('cancelled') > 0 ? 'cancelled' : 'completed';
}

/**
 * What becomes of a task that can no longer run because of a dependency: one that was to run after a
 * failure is not needed, any other has failed.
 */
export function unmetOutcome(condition: DependencyCondition): {
  state: 'failed' | 'cancelled';
  reason: 'dependency_failed' | 'not_needed';
} {
  return condition === 'failed'
    ? { state: 'cancelled', reason: 'not_needed' }
    : { state: 'failed', reason: 'dependency_failed' };
}

/**
 * Throws `dependency_cycle` when tasks that are submitted together wait for each other in a circle.
 * `edges` lead from each task, by its place, to those that it waits for.
 */
export function assertAcyclic(edges: readonly (readonly number[])[]): void {
  const remaining = edges.map((targets) => targets.length);
  const dependents = edges.map((): number[] => []);
  edges.forEach((targets, from) => targets.forEach((to) => dependents[to]?.push(from)));
  const free = remaining.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    for (const dependent of dependents[next] ?? []) {
      const left = (remaining[dependent] ?? 0) - 1;
      remaining[dependent] = left;
      if (left === 0) free.push(dependent);
    }
  }
  const stuck = remaining.findIndex((count) => count > 0);
  if (stuck < 0) return;
  throw new MitoError(
    'invalid',
    'dependency_cycle',
    `tasks.${stuck}.after: these tasks wait for each other in a circle`,
    {
      details: { field: `tasks.${stuck}.after` },
    },
  );
}
