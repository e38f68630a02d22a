import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { environmentFailed } from '../environment-failed.js';
import type { EnvPlace, MakeRecipe } from '../recipe.js';
import { readRequirements } from '../requirements.js';
import { binOf, pythonTaskEnv } from './python.js';

/** Read by uv, when they are there. */
const SETTINGS = ['.python-version', '.python-versions', 'uv.toml'];
const LOCAL_SOURCE = /source = \{ (?:editable|directory|path|virtual) = "([^"]+)"/g;
/** The project's own metadata would have to be built before the lock could be checked against it. */
const IS_DYNAMIC = /^dynamic\s*=/m;

/**
 * With a lock file exactly what that says, with the groups that uv installs by default, without the project itself:
 * a link to it would lead all tasks to the code of one.
 */
export const uvRecipe: MakeRecipe = async ({ files, codeDir, tools }) => {
  const uv = tools.find('uv', 'uv');
  const settings = SETTINGS.filter((file) => existsSync(path.join(codeDir, file)));
  const isLocked = files.includes('uv.lock');
  const found = isLocked ? await lockedProject(codeDir) : await readRequirements(codeDir, 'requirements.txt');
  const sync = [
    ...[uv, 'sync', 'isFrozen' in found && found.isFrozen ? '--frozen' : '--locked', '--no-install-project'],
    ...['--no-editable', '--compile-bytecode', '--no-progress'],
  ];
  const steps = ({ envDir }: EnvPlace): string[][] => {
    if (isLocked) return [sync];
    const install = ['--compile-bytecode', '--no-progress', '-r', 'requirements.txt'];
    return [
      [uv, 'venv', '--no-progress', envDir],
      [uv, 'pip', 'install', '--python', path.join(envDir, 'bin', 'python'), ...install],
    ];
  };
  return {
    identity: [uv, await tools.ask(uv, ['--version']), await pythonOf(tools, uv, codeDir)],
    counted: found.hasLocal ? null : [...(isLocked ? files : found.files), ...settings],
    toolDirs: [path.dirname(uv)],
    steps,
    buildEnv: ({ envDir, downloadsDir }) => ({
      UV_PROJECT_ENVIRONMENT: envDir,
      UV_CACHE_DIR: path.join(downloadsDir, 'uv'),
      UV_PYTHON_INSTALL_DIR: pythonsOf(envDir),
      // A hard link would let a task write to what is kept for other environments.
      UV_LINK_MODE: 'copy',
    }),
    taskEnv: (place, folders) => ({
      ...pythonTaskEnv(place, folders),
      VIRTUAL_ENV: place.envDir,
      UV_PROJECT_ENVIRONMENT: place.envDir,
      UV_PYTHON_INSTALL_DIR: pythonsOf(place.envDir),
      UV_NO_SYNC: '1',
      UV_FROZEN: '1',
    }),
    binDirs: (place) => [binOf(place)],
    links: () => ({}),
  };
};

/** Beside the environment, which names it: both stay as long. */
const pythonsOf = (envDir: string): string => path.join(path.dirname(envDir), 'python');

async function lockedProject(codeDir: string) {
  const [project, lock] = await Promise.all(
    ['pyproject.toml', 'uv.lock'].map((file) => readFile(path.join(codeDir, file), 'utf8')),
  );
  const local = [...(lock ?? '').matchAll(LOCAL_SOURCE)].filter(([, source]) => source !== '.');
  return { files: [], hasLocal: local.length > 0, isFrozen: IS_DYNAMIC.test(project ?? '') };
}

/** The interpreter that uv would take of this machine; without one it fetches one. */
async function pythonOf(tools: Parameters<MakeRecipe>[0]['tools'], uv: string, codeDir: string): Promise<string> {
  try {
    const python = await tools.ask(uv, ['python', 'find', '--no-python-downloads', '--system'], codeDir);
    return `${python} ${await tools.ask(python, ['-VV'])}`;
  } catch (error) {
    if (error instanceof Error && /No interpreter found/i.test(error.message)) return 'fetched by uv';
    throw environmentFailed(`uv can't choose a Python: ${(error as Error).message}`, error);
  }
}
