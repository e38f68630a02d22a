import { assignmentEnvironment, type GpuNaming } from '@mitosis/domain';
import { taskEnvironment, type Scratch } from '@mitosis/executor';
import type { ClaimedTask } from '@mitosis/protocol';
import { taskVariables, type TaskFiles } from './task-files.js';

/** What programs in a terminal may expect of it, unless the task says otherwise. */
const TERM = 'xterm-256color';

export interface EnvironmentDeps {
  readonly coordinatorUrl: string;
  /** Given to every task besides its own environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly gpuNaming: GpuNaming;
}

/** The whole environment of an attempt, with what it was assigned. */
export function environmentOf(
  deps: EnvironmentDeps,
  claim: ClaimedTask,
  scratch: Scratch,
  files: TaskFiles,
): Record<string, string> {
  const { spec, task: taskUuid, attempt, secrets } = claim;
  const base = { ...deps.baseEnv, ...(spec.pty && { TERM }) };
  const assigned = assignmentEnvironment(claim.assigned ?? null, deps.gpuNaming);
  const platform = { ...taskVariables(files, claim, scratch, deps.coordinatorUrl), ...assigned.platform };
  // What the worker's own environment says about devices never shines through, nor what the task says.
  const env = { ...spec.env, ...secrets, ...assigned.mask };
  return taskEnvironment({ taskUuid, attempt, scratch, env, base: { ...base, ...assigned.hints }, platform });
}

/** What the executor keeps a command within: its memory, and its cores where they are bound. */
export function boundsOf(
  { isPinning }: { readonly isPinning: boolean },
  { assigned }: ClaimedTask,
): { readonly memoryLimitBytes?: number; readonly cores?: readonly number[] } {
  if (!assigned) return {};
  const { mem_bytes: memory, cores } = assigned;
  return {
    ...(memory !== null && { memoryLimitBytes: memory }),
    ...(isPinning && cores.length > 0 && { cores }),
  };
}
