import path from 'node:path';
import type { EnvPlace, MakeRecipe } from '../recipe.js';
import { readRequirements } from '../requirements.js';
import { binOf, pythonTaskEnv } from './python.js';

/** The same for two interpreters only if environments of the one work with the other. */
const ABOUT =
  'import os, sys, sysconfig; print(os.path.realpath(sys.executable), sysconfig.get_platform(), sys.version)';

/** A virtual environment of the worker's Python, filled by pip. */
export const venvRecipe: MakeRecipe = async ({ files: [file = ''], codeDir, tools }) => {
  const python = tools.find('venv', 'python3', 'python');
  const { files, hasLocal } = await readRequirements(codeDir, file);
  const pip = ({ envDir }: EnvPlace): string[] => [path.join(envDir, 'bin', 'python'), '-m', 'pip', 'install'];
  return {
    identity: [python, await tools.ask(python, ['-c', ABOUT])],
    counted: hasLocal ? null : files,
    toolDirs: [path.dirname(python)],
    steps: (place) => [
      [python, '-m', 'venv', place.envDir],
      [...pip(place), '--no-input', '--progress-bar', 'off', '-r', file],
    ],
    buildEnv: ({ downloadsDir }) => ({
      PIP_CACHE_DIR: path.join(downloadsDir, 'pip'),
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
    }),
    taskEnv: (place, folders) => ({ ...pythonTaskEnv(place, folders), VIRTUAL_ENV: place.envDir }),
    binDirs: (place) => [binOf(place)],
    links: () => ({}),
  };
};
