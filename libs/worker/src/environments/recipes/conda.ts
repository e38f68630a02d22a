import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MakeRecipe } from '../recipe.js';
import { readRequirements } from '../requirements.js';
import { binOf, pythonTaskEnv } from './python.js';

/** In the list of pip: a file of requirements, or an option that names one. */
const OF_PIP = /^\s*-\s+["']?(?:-r|--requirement)[\s=]+([^"'\s#]+)/gm;
const LOCAL_PIP = /^\s*-\s+["']?(?:-e\s|--editable|\.{1,2}\/|file:)/m;

/** A prefix of conda (or mamba, or micromamba). Tasks use it by variables: `conda run` would keep signals to itself. */
export const condaRecipe: MakeRecipe = async ({ files: [file = ''], codeDir, tools }) => {
  const conda = tools.find('conda', 'micromamba', 'mamba', 'conda');
  const isMicro = path.basename(conda) === 'micromamba';
  const text = await readFile(path.join(codeDir, file), 'utf8');
  const nested = [...text.matchAll(OF_PIP)].map(([, name = '']) => path.join(path.dirname(file), name));
  const read = await Promise.all(nested.map((name) => readRequirements(codeDir, name)));
  const hasLocal = LOCAL_PIP.test(text) || read.some((found) => found.hasLocal);
  const create = isMicro ? ['create'] : ['env', 'create'];
  return {
    identity: [conda, await tools.ask(conda, ['--version'])],
    counted: hasLocal ? null : [...new Set([file, ...read.flatMap((found) => found.files)])],
    toolDirs: [path.dirname(conda)],
    steps: ({ envDir }) => [[conda, ...create, '--prefix', envDir, '--file', file]],
    buildEnv: ({ downloadsDir }) => ({
      CONDA_PKGS_DIRS: path.join(downloadsDir, 'conda'),
      MAMBA_ROOT_PREFIX: path.join(downloadsDir, 'mamba'),
      CONDA_ALWAYS_YES: 'true',
      MAMBA_ALWAYS_YES: 'true',
      // A hard link would let a task write to what is kept for other environments.
      CONDA_ALWAYS_COPY: 'true',
      PIP_CACHE_DIR: path.join(downloadsDir, 'pip'),
    }),
    taskEnv: (place, folders) => ({
      ...pythonTaskEnv(place, folders),
      CONDA_PREFIX: place.envDir,
      CONDA_DEFAULT_ENV: place.envDir,
      CONDA_SHLVL: '1',
    }),
    binDirs: (place) => [binOf(place)],
    links: () => ({}),
  };
};
