import { execFile } from 'node:child_process';
import { link, lstat, lutimes, mkdir, open, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { tempDir } from '@mitosis/testing';
import { packFolder, unpackArchive, type SkippedEntry } from '../index.js';

const run = promisify(execFile);
const LIMITS = { bytes: 1e9, entries: 10_000, ratio: 1e6 };
/** Every run is a new one; the seed is in the message of a failure, and below. */
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const AMOUNT =
  process.env.FUZZ_SECONDS === undefined
    ? { numRuns: 60 }
    : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: Number(process.env.FUZZ_SECONDS) * 1000 };

type Node =
  | { readonly kind: 'file'; readonly content: Uint8Array }
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: Buffer }
  | { readonly kind: 'pipe' | 'socket' }
  | { readonly kind: 'twin' };

interface Planned {
  readonly name: Buffer;
  /** In which of the folders made before, counted round. */
  readonly parent: number;
  readonly node: Node;
  readonly mode: number;
  /** In seconds since 1970. */
  readonly time: number;
}

const odd = ['T:0.5.csv', 'C:', 'c:x', 'p\\q', '..\\x', '-rf', '--', '...', '. ', 'a.', 'a ', ' ', '~', '*', 'A', 'a']
  .concat(['line\nbreak', '\x1b[31m', '\r', '\t', '\x7f', 'é', 'e\u0301', '名', '😀', '1'.repeat(150), 'PaxHeader'])
  .concat(['n'.repeat(255), '名'.repeat(85), 'x'.repeat(99), 'x'.repeat(100), 'x'.repeat(101), '%', '"', "'", '=']);
const isName = (name: Buffer): boolean =>
  name.length > 0 &&
  name.length <= 255 &&
  !name.includes(0) &&
  !name.includes(0x2f) &&
  !['.', '..'].includes(`${name}`);
const anyName = fc
  .oneof(
    { weight: 6, arbitrary: fc.constantFrom(...odd).map((name) => Buffer.from(name)) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map((name) => Buffer.from(name)) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 255 }).map((bytes) => Buffer.from(bytes)) },
  )
  .filter(isName);
const target = fc.oneof(
  fc.constantFrom(
    'T:1',
    'C:/x',
    '/etc/passwd',
    '../up',
    '../../up',
    '.',
    'a/../..',
    'missing',
    '1'.repeat(150),
    'b\\c',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
);
const node: fc.Arbitrary<Node> = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 3000 }).map((content) => ({ kind: 'file' as const, content })) },
  { weight: 4, arbitrary: fc.constant({ kind: 'folder' as const }) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        target.map((text) => Buffer.from(text)),
        anyName,
      )
      .filter((bytes) => !bytes.includes(0))
      .map((bytes) => ({ kind: 'link' as const, target: bytes })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'twin' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'pipe' as const }) },
);
const time = fc.oneof(
  fc.constantFrom(0, -1, -0.5, -464_000_000.5, 1e9 + 0.999, 8 ** 11 - 1, 8 ** 11, 9_300_000_000.25),
  fc.double({ min: -2e9, max: 1.4e10, noNaN: true }),
);
const tree = fc.array(
  fc.record({ name: anyName, parent: fc.nat(50), node, mode: fc.constantFrom(0, 0o4755, 0o644, 0o777, 0o400), time }),
  { maxLength: 25 },
);

/** Makes what the system allows; names that are taken already are passed over. */
async function grow(root: string, planned: readonly Planned[]): Promise<void> {
  const folders: Buffer[] = [Buffer.from(root)];
  const times: [Buffer, number][] = [];
  let lastFile: Buffer | undefined;
  for (const { name, parent, node: what, mode, time: mtime } of planned) {
    const path = Buffer.concat([folders[parent % folders.length] ?? Buffer.from(root), Buffer.from('/'), name]);
    try {
      if (what.kind === 'folder') await mkdir(path, { mode: mode | 0o700 });
      else if (what.kind === 'file') await writeFile(path, what.content, { mode: mode | 0o400, flag: 'wx' });
      else if (what.kind === 'link') await symlink(what.target, path);
      else if (what.kind === 'twin') await link(lastFile ?? path, path);
      else await run('mkfifo', [join(root, 'pipe')]);
    } catch (error) {
      if (!/EEXIST|ENOENT|ENAMETOOLONG|EILSEQ|File exists/.test(String(error))) throw error;
      continue;
    }
    if (what.kind === 'folder') folders.push(path);
    if (what.kind === 'file') lastFile = path;
    if (what.kind !== 'pipe') times.push([path, mtime]);
  }
  for (const [path, mtime] of times.reverse()) await lutimes(path, new Date(mtime * 1000), new Date(mtime * 1000));
}

/** What is told of each path: everything that a packed tree has to keep. */
async function look(root: string): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  const visit = async (dir: Buffer, prefix: string): Promise<void> => {
    for (const name of (await readdir(dir, { encoding: 'buffer' })) as Buffer[]) {
      const path = Buffer.concat([dir, Buffer.from('/'), name]);
      const stats = await lstat(path);
      const text = prefix + name.toString();
      const when = Math.floor(stats.mtimeMs / 1000);
      const mode = (stats.mode & 0o755) | 0o600;
      if (stats.isDirectory()) seen.set(text, `folder ${(mode | 0o700).toString(8)} ${when}`);
      else if (stats.isSymbolicLink())
        seen.set(text, `link ${(await readlink(path, { encoding: 'buffer' })).toString('hex')}`);
      else if (stats.isFile())
        seen.set(text, `file ${mode.toString(8)} ${when} ${(await readFile(path)).toString('hex')}`);
      else seen.set(text, 'other');
      if (stats.isDirectory()) await visit(path, `${text}/`);
    }
  };
  await visit(Buffer.from(root), '');
  return seen;
}

function isNamed(path: string, skipped: readonly SkippedEntry[]): boolean {
  return skipped.some((entry) => path === entry.path || path.startsWith(`${entry.path}/`));
}

test(`what is packed is unpacked to the same tree, or named (seed ${SEED})`, async (t) => {
  const root = await tempDir(t);
  let count = 0;
  const property = fc.asyncProperty(tree, async (planned) => {
    const dir = join(root, String(count++));
    const [source, archive, out] = [join(dir, 'source'), join(dir, 'archive'), join(dir, 'out')];
    await mkdir(source, { recursive: true });
    await grow(source, planned);
    const before = await look(source);
    const packed = await packFolder(source, archive);
    if (!packed) return before.size === 0;
    await unpackArchive(archive, out, LIMITS);
    const after = await look(out);
    for (const [path, what] of before) {
      if (isNamed(path, packed.skipped)) before.delete(path);
      else if (after.get(path) !== what) throw new Error(`${JSON.stringify(path)}: ${what} became ${after.get(path)}`);
    }
    if (after.size !== before.size) throw new Error(`${after.size} entries in place of ${before.size}`);
    await run('tar', ['-tzf', archive]);
    return true;
  });
  await fc.assert(property, { seed: SEED, ...AMOUNT });
  t.pass();
});

test('what can be packed goes for names, times and modes as they are', async (t) => {
  const root = await tempDir(t);
  const source = join(root, 'source');
  await mkdir(source);
  for (const name of ['T:0.5.csv', 'n:0.5.csv', '-n', 'a.', 'A.', '7'.repeat(200)])
    await writeFile(join(source, name), name);
  await mkdir(join(source, 'C:'));
  await writeFile(join(source, 'C:', 'x'), '');
  await symlink('T:1', join(source, 'l'));
  await writeFile(join(source, 'old'), '');
  await lutimes(join(source, 'old'), new Date('1955-05-05T05:05:05.500Z'), new Date('1955-05-05T05:05:05.500Z'));
  const packed = await packFolder(source, join(root, 'archive'));
  t.deepEqual(packed?.skipped, []);
  await unpackArchive(join(root, 'archive'), join(root, 'out'), LIMITS);
  t.deepEqual(await look(join(root, 'out')), await look(source));
});

test('a folder of which nothing can be packed gives an archive that can be unpacked', async (t) => {
  const root = await tempDir(t);
  const server = createServer().listen(join(root, 'socket'));
  t.teardown(() => void server.close());
  await mkdir(join(root, 'source'));
  await writeFile(join(root, 'source', 'p\\q'), '');
  const packed = await packFolder(join(root, 'source'), join(root, 'archive'));
  t.deepEqual(packed?.skipped, [{ path: 'p\\q', why: 'its name has a backslash' }]);
  t.deepEqual(await unpackArchive(join(root, 'archive'), join(root, 'out'), LIMITS), { files: 0, bytes: 0 });
});

/** Many parts, so that their list goes on in further headers. */
async function writeHoles(path: string): Promise<void> {
  const file = await open(path, 'wx');
  for (let part = 0; part < 60; part++) await file.write('z'.repeat(part + 1), part * 200_000);
  await file.truncate(20_000_000);
  await file.close();
}

const foreign: [title: string, options: string[]][] = [
  ['GNU', ['--format=gnu']],
  ['GNU, sparse', ['--format=gnu', '-S']],
  ['pax', ['--format=posix']],
  ['pax, sparse 0.0', ['--format=posix', '-S', '--sparse-version=0.0']],
  ['pax, sparse 0.1', ['--format=posix', '-S', '--sparse-version=0.1']],
  ['pax, sparse 1.0', ['--format=posix', '-S', '--sparse-version=1.0']],
  ['GNU, incremental', ['--format=gnu', '-G']],
  ['GNU, compressed with gzip', ['--format=gnu', '-z']],
];
for (const [title, options] of foreign) {
  test(`an archive of GNU tar unpacks to the same tree: ${title}`, async (t) => {
    const root = await tempDir(t);
    const source = join(root, 'source');
    const deep = join(source, 'd'.repeat(120), '名'.repeat(80), 'e'.repeat(200));
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'file'), 'x'.repeat(70_000));
    await link(join(deep, 'file'), join(source, 'second name'));
    await symlink('second name', join(source, 'link'));
    await writeFile(join(source, '9'.repeat(150)), 'digits');
    await writeHoles(join(source, 'holes'));
    await run('tar', ['-cf', join(root, 'archive'), ...options, '-C', source, '.']);
    await unpackArchive(join(root, 'archive'), join(root, 'out'), LIMITS);
    t.deepEqual(await look(join(root, 'out')), await look(source));
    t.is((await lstat(join(root, 'out', 'second name'))).nlink, 2);
  });
}

const unsupported: [title: string, head: string, message: RegExp][] = [
  ['xz', '\xfd7zXZ\0rest', /not supported: an archive compressed with xz; make it with "tar -czf"/],
  ['zip', 'PK\x03\x04', /not supported: a zip archive/],
  ['zstd', '\x28\xb5\x2f\xfd', /not supported: an archive compressed with zstd/],
  ['bzip2', 'BZh91AY', /not supported: an archive compressed with bzip2/],
  ['nothing', '', /the file is empty/],
  ['text', 'hello world', /not supported: a file that is no tar archive/],
  ['a damaged gzip', '\x1f\x8bnot gzip', /unknown compression method/],
];
for (const [title, head, message] of unsupported) {
  test(`${title} is refused with what it is, and what to do`, async (t) => {
    const root = await tempDir(t);
    await writeFile(join(root, 'archive'), Buffer.from(head, 'latin1'));
    await t.throwsAsync(unpackArchive(join(root, 'archive'), join(root, 'out'), LIMITS), {
      code: 'archive_refused',
      message,
    });
  });
}
