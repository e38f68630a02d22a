// The client as a package of its own: one file with what it is made of, and the types of it.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix, relative } from 'node:path';
import { rolldown } from 'rolldown';

/** Parts whose types the client shows. */
const PARTS = ['client', 'domain', 'protocol'];

/** Fills dist/client below `root`, with a files.json, and returns the folder. */
export async function bundleClient(root) {
  const target = join(root, 'dist', 'client');
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const own = await readJson(join(root, 'libs', 'client', 'package.json'));
  const protocol = await readJson(join(root, 'libs', 'protocol', 'package.json'));
  const { devDependencies } = await readJson(join(root, 'package.json'));
  const external = ['ws', 'zod'];
  const build = await rolldown({
    input: join(root, 'libs/client/dist/index.js'),
    cwd: root,
    platform: 'node',
    external,
  });
  // One file, whatever the client loads only when it is needed.
  await build.write({ file: join(target, 'index.js'), format: 'es', keepNames: true, codeSplitting: false });
  await build.close();
  const types = await copyTypes(root, target);
  await writeFile(
    join(target, 'package.json'),
    `${JSON.stringify(manifest(own, { ...devDependencies, ...protocol.dependencies, ...own.dependencies }, external), undefined, 2)}\n`,
  );
  const license = await readFile(join(root, 'LICENSE'));
  await writeFile(join(target, 'LICENSE'), license);
  const files = ['package.json', 'index.js', 'LICENSE', ...types];
  await writeFile(join(target, 'files.json'), JSON.stringify(files));
  return target;
}

function manifest({ name, version, description, license }, dependencies, external) {
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    engines: { node: '>=20.19' },
    exports: { '.': { types: './types/client/index.d.ts', default: './index.js' } },
    dependencies: Object.fromEntries([...external, '@types/ws'].map((wanted) => [wanted, dependencies[wanted]])),
  };
}

/** The declarations of all parts, which name each other by their place. */
async function copyTypes(root, target) {
  const copied = [];
  for (const part of PARTS) {
    const from = join(root, 'libs', part, 'dist');
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
      const path = relative(from, join(entry.parentPath ?? entry.path, entry.name));
      if (!entry.isFile() || !path.endsWith('.d.ts') || path.endsWith('.test.d.ts')) continue;
      const to = posix.join('types', part, path);
      const text = (await readFile(join(from, path), 'utf8')).replace(
        /(['"])@mitosis\/(\w+)\1/g,
        (_, quote, other) => `${quote}${placeOf(dirname(to), other)}${quote}`,
      );
      await mkdir(dirname(join(target, to)), { recursive: true });
      await writeFile(join(target, to), text.replace(/^\/\/# sourceMappingURL=.*$/m, ''));
      copied.push(to);
    }
  }
  return copied.sort();
}

function placeOf(folder, part) {
  const path = posix.relative(folder, posix.join('types', part, 'index.js'));
  return path.startsWith('.') ? path : `./${path}`;
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}
