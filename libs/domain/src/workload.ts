import { isFinal, type TaskState } from './task-state.js';

/**
 * A workload is one program in three roles: `split` prints a line for each subtask, `map` computes
 * one of them, `reduce` puts the results together. `check` is a map again, on another worker.
 *
 *   splitting ──▶ mapping ──▶ reducing ──▶ completed
 *       └────────────┴────────────┴──▶ failed, cancelled
 */
export type WorkloadState = (typeof WORKLOAD_STATES)[number];
export const WORKLOAD_STATES = ['splitting', 'mapping', 'reducing', 'completed', 'failed', 'cancelled'] as const;

export type WorkloadStep = (typeof WORKLOAD_STEPS)[number];
export const WORKLOAD_STEPS = ['split', 'map', 'check', 'reduce'] as const;

/** What the end of a step calls for. */
export type WorkloadMove =
  /** Nothing: the step runs again, or the workload is over. */
  | 'none'
  | 'begin-maps'
  /** The same subtask once more, on another worker. */
  | 'begin-check'
  | 'count-subtask'
  | 'complete'
  | 'fail'
  | 'cancel';

export function isWorkloadOver(state: WorkloadState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** What becomes of a workload when one of its steps is in the state `task`. */
export function moveWorkload(
  workload: { readonly state: WorkloadState; readonly isVerified: boolean },
  step: WorkloadStep,
  task: TaskState,
): WorkloadMove {
  if (isWorkloadOver(workload.state) || !isFinal(task)) return 'none';
  if (task !== 'completed') return task === 'cancelled' ? 'cancel' : 'fail';
  switch (step) {
    case 'split':
      return 'begin-maps';
    case 'map':
      return workload.isVerified ? 'begin-check' : 'count-subtask';
    case 'check':
      return 'count-subtask';
    case 'reduce':
      return 'complete';
  }
}
