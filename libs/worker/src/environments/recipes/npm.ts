import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { NPM_LOCKS } from '@mitosis/domain';
import { environmentFailed } from '../environment-failed.js';
import type { MakeRecipe } from '../recipe.js';

/** Packages that lie in the folder itself: a workspace, or a path. */
const LOCAL_PACKAGE = /"link": true|"(?:resolved|version)": "file:/;
const MODULES = 'node_modules';

/** `npm ci` of a lock file; the task finds `node_modules` in its folder, as a link. */
export const npmRecipe: MakeRecipe = async ({ files, codeDir, tools }) => {
  const [npm, node] = [tools.find('npm', 'npm'), tools.find('npm', 'node')];
  if (existsSync(path.join(codeDir, MODULES)))
    throw environmentFailed(
      `the folder of code has a ${MODULES} of its own: leave it out with .gitignore or .mitoignore`,
    );
  const lock = NPM_LOCKS.find((name) => files.includes(name)) ?? '';
  const hasLocal = LOCAL_PACKAGE.test(await readFile(path.join(codeDir, lock), 'utf8'));
  const settings = existsSync(path.join(codeDir, '.npmrc')) ? ['.npmrc'] : [];
  return {
    identity: [npm, await tools.ask(npm, ['--version']), node, await tools.ask(node, ['--version'])],
    counted: hasLocal ? null : [...files, ...settings],
    toolDirs: [path.dirname(npm), path.dirname(node)],
    // Its packages may lead to others of the folder, so that all stay where they were built.
    steps: ({ sourceDir, envDir }) => [
      [npm, 'ci', '--no-audit', '--no-fund', '--no-update-notifier'],
      ['/bin/sh', '-c', 'mkdir -p "$1/node_modules/.bin" && ln -s "$1/node_modules" "$2"', 'sh', sourceDir, envDir],
    ],
    buildEnv: ({ downloadsDir }) => ({ npm_config_cache: path.join(downloadsDir, 'npm') }),
    taskEnv: ({ envDir }) => ({ MITO_ENV_DIR: envDir }),
    binDirs: ({ sourceDir }) => [path.join(sourceDir, MODULES, '.bin')],
    links: ({ sourceDir }) => ({ [MODULES]: path.join(sourceDir, MODULES) }),
  };
};
