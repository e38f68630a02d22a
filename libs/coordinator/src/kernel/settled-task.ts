import type { AttemptOutcome, TaskState } from '@mitosis/domain';

/** What has become of a task, to be announced after the commit. */
export interface SettledTask {
  readonly task: string;
  readonly state: TaskState;
  readonly queue: string;
  readonly group: string;
  readonly job: string | null;
  readonly delayMs: number;
  /** The workload that the task is a step of. */
  readonly workload?: string | undefined;
  /** How the attempt ended that decided it, when one did. */
  readonly outcome?: AttemptOutcome | undefined;
}

/** A task (or a job) in a state that others may have waited for. */
export interface Reached {
  readonly id: string;
  readonly state: TaskState;
  readonly hasStarted: boolean;
  /** The job that the task belongs to. */
  readonly job: string | null;
}
