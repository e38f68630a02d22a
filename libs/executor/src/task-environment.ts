import type { Scratch } from './scratch.js';

export interface TaskEnvironmentOptions {
  readonly taskUuid: string;
  readonly attempt: number;
  readonly scratch: Pick<Scratch, 'execDir' | 'homeDir' | 'resultDir' | 'resourceDir' | 'tmpDir'>;
  /** What the task asked for; wins over everything but the `MITO_` variables set here. */
  readonly env: Readonly<Record<string, string>>;
  /** What the operator of the worker gives to every task, e.g. a PATH or CUDA_VISIBLE_DEVICES. */
  readonly base?: Readonly<Record<string, string>>;
  /** The account that the worker runs as. */
  readonly account?: { readonly username: string; readonly shell?: string | null };
  /** Further variables of the platform's; a task can't override them. */
  readonly platform?: Readonly<Record<`MITO_${string}`, string>>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The whole environment of a task: the basics of a login, the worker's additions, the task's own
 * variables, then `MITO_TASK_UUID`, `MITO_TASK_ATTEMPT`, `MITO_RESULT_DIR`, `MITO_EXEC_DIR` and
 * `MITO_RESOURCE_DIR`. Nothing of the worker's own environment is in it.
 */
export function taskEnvironment(options: TaskEnvironmentOptions): Record<string, string> {
  const { scratch, account } = options;
  const username = account?.username ?? 'mito';
  return {
    PATH,
    HOME: scratch.homeDir,
    TMPDIR: scratch.tmpDir,
    LANG: 'C.UTF-8',
    USER: username,
    LOGNAME: username,
    SHELL: account?.shell ?? '/bin/sh',
    ...options.base,
    ...options.env,
    ...options.platform,
    MITO_TASK_UUID: options.taskUuid,
    MITO_TASK_ATTEMPT: String(options.attempt),
    MITO_RESULT_DIR: scratch.resultDir,
    MITO_EXEC_DIR: scratch.execDir,
    MITO_RESOURCE_DIR: scratch.resourceDir,
  };
}
