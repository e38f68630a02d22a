import { formatDuration } from './duration.js';
import { invalidField } from './errors.js';

/** What a deployment or a group gives to tasks that say nothing else, and the longest time limit it allows. */
export interface TaskLimits {
  readonly timeoutDefaultMs: number | null;
  readonly timeoutMaxMs: number | null;
  readonly retriesDefault: number | null;
  readonly retryDelayDefaultMs: number | null;
}

export const NO_TASK_LIMITS: TaskLimits = {
  timeoutDefaultMs: null,
  timeoutMaxMs: null,
  retriesDefault: null,
  retryDelayDefaultMs: null,
};

/** Who has set a limit: the submission itself, the group of the task, or the configuration of the coordinator. */
export const LIMIT_SOURCES = ['task', 'group', 'deployment'] as const;
export type LimitSource = (typeof LIMIT_SOURCES)[number];

export interface TimeLimit {
  readonly ms: number | null;
  readonly from: LimitSource;
}

const RETRY_DELAY_MS = 5_000;

/** The limits that a group of a deployment has: its own defaults win, and the smaller of two maxima. */
export class LimitsInForce {
  /** Undefined when nobody has set one. */
  readonly retriesDefault: number | undefined;
  readonly retryDelayMs: number;
  readonly #default: TimeLimit;
  readonly #max: TimeLimit;

  constructor(
    private readonly groupName: string,
    group: TaskLimits,
    deployment: TaskLimits,
  ) {
    this.retriesDefault = group.retriesDefault ?? deployment.retriesDefault ?? undefined;
    this.retryDelayMs = group.retryDelayDefaultMs ?? deployment.retryDelayDefaultMs ?? RETRY_DELAY_MS;
    this.#max = smaller({ ms: group.timeoutMaxMs, from: 'group' }, { ms: deployment.timeoutMaxMs, from: 'deployment' });
    const own: TimeLimit = { ms: group.timeoutDefaultMs, from: 'group' };
    this.#default = smaller(own.ms === null ? { ms: deployment.timeoutDefaultMs, from: 'deployment' } : own, this.#max);
  }

  /** For a task that was submitted before, perhaps under other limits: never longer than the maximum. */
  get longestTimeoutMs(): number | null {
    return this.#max.ms;
  }

  /**
   * The time limit of a task. One that names none gets the default; one that asks for no limit (null) gets the
   * maximum, if there is one. Throws `invalid_request` for one that asks for more than the maximum.
   */
  timeLimit(asked: number | null | undefined): TimeLimit {
    if (asked === undefined) return this.#default;
    const { ms: max, from } = this.#max;
    if (asked === null) return max === null ? { ms: null, from: 'task' } : this.#max;
    if (max === null || asked <= max) return { ms: asked, from: 'task' };
    const whose = from === 'group' ? `the group "${this.groupName}"` : 'this deployment';
    throw invalidField(
      'timeout_ms',
      `${formatDuration(asked)} is longer than ${whose} allows; use ${formatDuration(max)} or less`,
    );
  }
}

function smaller(a: TimeLimit, b: TimeLimit): TimeLimit {
  if (a.ms === null) return b;
  return b.ms !== null && b.ms < a.ms ? b : a;
}
