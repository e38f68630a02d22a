import path from 'node:path';
import type { MakeRecipe } from '../recipe.js';

/** A program of the folder that fills `$MITO_ENV_DIR`. It may read any file, so that all of them count. */
export const commandRecipe: MakeRecipe = async ({ files: [file = ''] }) => ({
  identity: [file],
  counted: null,
  toolDirs: [],
  steps: ({ envDir }) => [
    ['/bin/mkdir', '-p', envDir],
    ['/bin/sh', '-c', '[ -x "$1" ] && exec "$1"; exec /bin/sh "$1"', 'sh', `./${file}`],
  ],
  buildEnv: ({ envDir }) => ({ MITO_ENV_DIR: envDir }),
  taskEnv: ({ envDir }) => ({ MITO_ENV_DIR: envDir }),
  binDirs: ({ envDir }) => [path.join(envDir, 'bin')],
  links: () => ({}),
});
