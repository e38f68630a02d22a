import { homedir, userInfo } from 'node:os';
import type { WorkerConfig } from '@mitosis/config';

const TASK_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type TasksEnvironmentConfig = Pick<WorkerConfig, 'env' | 'path' | 'home' | 'pass_env'>;

/** Whose home tasks may use. A user ID without an account has none that could be named. */
function ownAccount(): Record<string, string> {
  try {
    const { username, shell } = userInfo();
    return { HOME: homedir(), USER: username, LOGNAME: username, ...(shell && { SHELL: shell }) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR') return { HOME: homedir() };
    throw error;
  }
}

/**
 * What every task of this worker finds in its environment, besides what is the task's own: the variables that are
 * passed on from `own`, those of the configuration, the PATH (`tools` first, then the configured folders).
 */
export function tasksEnvironment(
  { env, path, home, pass_env: passed }: TasksEnvironmentConfig,
  own: Readonly<Record<string, string | undefined>>,
  tools: string,
): Record<string, string> {
  const found = passed.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]));
  return {
    PATH: [tools, ...path, TASK_PATH].join(':'),
    ...(home === 'user' && ownAccount()),
    ...Object.fromEntries(found),
    ...env,
  };
}
