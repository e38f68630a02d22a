import { statSync } from 'node:fs';
import path from 'node:path';
import type { MakeRecipe } from '../recipe.js';

const isExecutable = (file: string): boolean => (statSync(file).mode & 0o100) !== 0;

/** A program of the folder that fills `$MITO_ENV_DIR`. It may read any file, so that all of them count. */
export const commandRecipe: MakeRecipe = async ({ files: [file = ''], codeDir }) => ({
  identity: [file],
  counted: null,
  toolDirs: [],
  steps: ({ envDir }) => [
    ['/bin/mkdir', '-p', envDir],
    isExecutable(path.join(codeDir, file)) ? [`./${file}`] : ['/bin/sh', `./${file}`],
  ],
  buildEnv: ({ envDir }) => ({ MITO_ENV_DIR: envDir }),
  taskEnv: ({ envDir }) => ({ MITO_ENV_DIR: envDir }),
  binDirs: ({ envDir }) => [path.join(envDir, 'bin')],
  links: () => ({}),
});
