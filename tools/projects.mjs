import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The workspace's packages: `{ name, path }`, path relative to `root`. */
export async function projects(root) {
  const found = [];
  for (const parent of ['apps', 'libs']) {
    for (const entry of await readdir(join(root, parent), { withFileTypes: true })) {
      if (entry.isDirectory()) found.push(await projectAt(root, `${parent}/${entry.name}`));
    }
  }
  return found.filter((project) => project !== undefined);
}

/** Where their sources are, relative to `root`. */
export async function sourceFolders(root) {
  return (await projects(root)).map(({ path }) => `${path}/src`);
}

async function projectAt(root, path) {
  try {
    return { path, name: JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8')).name };
  } catch (error) {
    // An empty folder that git left behind after a move.
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
