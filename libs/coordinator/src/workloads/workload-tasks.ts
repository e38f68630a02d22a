import { v7 as uuidv7 } from 'uuid';
import { queueName, REQUEUES_DEFAULT, type WorkloadStep } from '@mitosis/domain';
import { WASM_LIMITS, type WorkloadPlan } from '@mitosis/protocol';
import type { SettledTask } from '../kernel/settled-task.js';
import type { TaskRow } from '../tasks/task-row.js';

/** A plan with every default filled in, as it is stored. */
export type ResolvedPlan = { readonly [K in keyof WorkloadPlan]-?: NonNullable<WorkloadPlan[K]> };

/** What a workload's tasks have in common. */
export interface WorkloadFrame {
  readonly id: string;
  readonly group_id: string;
  readonly group: string;
  readonly creator_id: string;
  readonly name: string;
  readonly sha256: string;
  readonly plan: ResolvedPlan;
}

export interface StepOptions {
  readonly step: WorkloadStep;
  /** After the program's name and the name of the step. */
  readonly args?: readonly string[];
  readonly index?: number;
  readonly stdin?: string;
  readonly avoidWorkerId?: string;
}

/**
 * A `split` that fails would fail again with the same parameters, which are most often what is wrong. It is
 * tried again only when it ends with this code. Source: EX_TEMPFAIL, sysexits.h (BSD).
 */
const EXIT_TRY_AGAIN = 75;

/** A `check` is computed by the program's `map`. */
const entryOf = (step: WorkloadStep): string => (step === 'check' ? 'map' : step);

const nameOf = (name: string, step: WorkloadStep, index: number | undefined): string =>
  `${name} ${step}${index === undefined ? '' : ` ${index}`}`;

/** The row of one task of a workload. */
export function workloadTask(
  workload: WorkloadFrame,
  { step, args = [], index, stdin, avoidWorkerId }: StepOptions,
): TaskRow {
  const { id, group, name, sha256, plan } = workload;
  const limits = { memory_limit_bytes: plan.memory_limit_bytes, output_limit_bytes: WASM_LIMITS.outputBytes };
  return {
    id: uuidv7(),
    group_id: workload.group_id,
    creator_id: workload.creator_id,
    kind: 'wasm',
    queue: queueName(group, plan.tags, 'wasm'),
    name: nameOf(name, step, index),
    spec: {
      args: [name, entryOf(step), ...args],
      env: {},
      terminal: false,
      resources: [],
      cwd: undefined,
      stdin_base64: stdin === undefined ? undefined : Buffer.from(stdin).toString('base64'),
      params: undefined,
      array_index: undefined,
      wasm: { sha256, ...limits },
      pty: undefined,
      log_limit_bytes: undefined,
    },
    tags: plan.tags,
    labels: plan.labels,
    priority: plan.priority,
    timeout_ms: plan.timeout_ms,
    retries: plan.retries,
    retry_delay_ms: plan.retry_delay_ms,
    retry_exit_codes: step === 'split' ? [EXIT_TRY_AGAIN] : [],
    requeue_on: [],
    requeues_max: REQUEUES_DEFAULT,
    limits: {},
    // A plan that was stored before there were any has none.
    start_at: null,
    start_in_ms: null,
    needs: plan.needs?.length ? plan.needs : null,
    job_id: null,
    job_index: null,
    upstream_id: null,
    is_confined: false,
    notify: null,
    state: 'ready',
    words: `${name} ${step}`,
    workload_id: id,
    workload_step: step,
    workload_index: index ?? null,
    avoid_worker_id: avoidWorkerId ?? null,
  };
}

/** New tasks of a workload, as they are announced after the commit. */
export function readySteps(rows: readonly TaskRow[]): SettledTask[] {
  return rows.map(({ id: task, queue, group_id: group, workload_id }) => ({
    task,
    queue,
    group,
    job: null,
    workload: workload_id ?? undefined,
    state: 'ready',
    delayMs: 0,
  }));
}
