import { existsSync } from 'node:fs';
import path from 'node:path';
import type { EnvPlace, TaskFolders } from '../recipe.js';

/** What programs of an environment of Python find: the project itself comes from the folder of the task. */
export function pythonTaskEnv({ envDir }: EnvPlace, { execDir, homeDir }: TaskFolders): Record<string, string> {
  const [source, installed] = [path.join(execDir, 'src'), path.join(homeDir, '.pip')];
  return {
    PYTHONPATH: [...(existsSync(source) ? [source] : []), execDir, installed].join(':'),
    // The environment was compiled when it was built, and is not written to.
    PYTHONDONTWRITEBYTECODE: '1',
    // What a task installs is its own: the environment is that of others, too.
    PIP_TARGET: installed,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    MITO_ENV_DIR: envDir,
  };
}

export const binOf = ({ envDir }: EnvPlace): string => path.join(envDir, 'bin');
