import type { Scratch } from './scratch.js';

/** One sandboxed program, as it is run. */
export interface ProgramSpec {
  /** File of this machine with the program. */
  readonly programPath: string;
  readonly sha256: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Bytes, or the path of a file; nothing when absent. */
  readonly stdin?: Uint8Array | string;
  /** No limit when null. */
  readonly timeoutMs: number | null;
  readonly memoryLimitBytes?: number | undefined;
  readonly cpuLimitMs?: number | undefined;
  readonly outputLimitBytes?: number | undefined;
}

export interface ProgramRequest {
  /** `${taskId}-${attempt}`; of the executions under way no two have the same. */
  readonly executionId: string;
  readonly spec: ProgramSpec;
  readonly scratch: Scratch;
}
