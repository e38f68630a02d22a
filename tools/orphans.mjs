import { access, readdir, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** What the compiler writes for one source file. */
const OUTPUTS = ['.js', '.js.map', '.d.ts', '.d.ts.map'];

/** Removes compiled files whose source is gone: the compiler leaves them, and a deleted test would keep running. */
export async function removeOrphans(root) {
  for (const parent of ['apps', 'libs']) {
    const names = await readdir(join(root, parent));
    await Promise.all(names.map(async (name) => await clean(join(root, parent, name))));
  }
}

async function clean(project) {
  const dist = join(project, 'dist');
  const entries = await readdir(dist, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  // Only what has a declaration beside it came from the compiler.
  const stems = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name.slice(0, -'.d.ts'.length)))
    .filter((stem) => !stem.split(sep).includes('node_modules'));
  await Promise.all(stems.map(async (stem) => await removeIfOrphan(stem, join(project, 'src', relative(dist, stem)))));
}

async function removeIfOrphan(stem, source) {
  if ((await exists(`${source}.ts`)) || (await exists(`${source}.tsx`)) || !(await exists(`${stem}.js`))) return;
  await Promise.all(OUTPUTS.map(async (output) => await rm(`${stem}${output}`, { force: true })));
}

async function exists(path) {
  return await access(path).then(
    () => true,
    () => false,
  );
}
