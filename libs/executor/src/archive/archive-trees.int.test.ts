import { execFile } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { tempDir } from '@mitosis/testing';
import { packFolder, unpackArchive, type SkippedEntry } from '../index.js';
import { removeTree } from '../remove-tree.js';

const run = promisify(execFile);
const LIMITS = { bytes: 1e9, entries: 10_000, ratio: 1e6 };
/** Only root can look into what its owner may not read. */
const READABLE = process.getuid?.() === 0 ? 0 : 0o500;
const PERMISSIONS = [0o664, 0o666, 0o775, 0o777, 0o600, 0o400, 0o555, 0o444, 0o644, 0o755, 0o700, 0o111, 0] as const;
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
const mode = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...PERMISSIONS, 0o4755, 0o2775, 0o1777, 0o7000) },
  { weight: 1, arbitrary: fc.nat(0o7777) },
);
const tree = fc.array(fc.record({ name: anyName, parent: fc.nat(50), node, mode, time }), { maxLength: 25 });

/** Makes what the system allows; names that are taken already are skipped. */
async function grow(root: string, planned: readonly Planned[]): Promise<void> {
  const folders: Buffer[] = [Buffer.from(root)];
  const made: [path: Buffer, mode: number | undefined, time: string][] = [];
  let lastFile: Buffer | undefined;
  for (const { name, parent, node: what, mode: bits, time: seconds } of planned) {
    const path = Buffer.concat([folders[parent % folders.length] ?? Buffer.from(root), Buffer.from('/'), name]);
    try {
      if (what.kind === 'folder') await mkdir(path);
      else if (what.kind === 'file') await writeFile(path, what.content, { flag: 'wx' });
      else if (what.kind === 'link') await symlink(what.target, path);
      else if (what.kind === 'twin') await link(lastFile ?? path, path);
      else await run('mkfifo', [join(root, 'pipe')]);
    } catch (error) {
      if (!/EEXIST|ENOENT|ENAMETOOLONG|EILSEQ|File exists/.test(String(error))) throw error;
      continue;
    }
    if (what.kind === 'folder') folders.push(path);
    if (what.kind === 'file') lastFile = path;
    const hasMode = what.kind === 'folder' || what.kind === 'file';
    // A number below 0 is the current time for Node; text is not.
    if (what.kind !== 'pipe') made.push([path, hasMode ? bits | READABLE : undefined, seconds.toFixed(9)]);
  }
  for (const [path, bits, seconds] of made.reverse()) {
    if (bits !== undefined) await chmod(path, bits);
    await lutimes(path, seconds, seconds);
  }
}

interface Seen {
  /** Everything that a packed tree has to keep, besides the time. */
  readonly what: string;
  readonly time: bigint;
  readonly isSpecial: boolean;
}

async function look(root: string): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  const visit = async (dir: Buffer, prefix: string): Promise<void> => {
    for (const name of (await readdir(dir, { encoding: 'buffer' })) as Buffer[]) {
      const path = Buffer.concat([dir, Buffer.from('/'), name]);
      const stats = await lstat(path, { bigint: true });
      const text = prefix + name.toString();
      const bits = (stats.mode & 0o777n).toString(8);
      let what = 'other';
      if (stats.isDirectory()) what = `folder ${bits}`;
      else if (stats.isSymbolicLink()) what = `link ${(await readlink(path, { encoding: 'buffer' })).toString('hex')}`;
      else if (stats.isFile()) what = `file ${bits} ${(await readFile(path)).toString('hex')}`;
      seen.set(text, { what, time: stats.mtimeNs, isSpecial: (stats.mode & 0o7000n) !== 0n });
      if (stats.isDirectory()) await visit(path, `${text}/`);
    }
  };
  await visit(Buffer.from(root), '');
  return seen;
}

/** Node sets a time as a double: to the microsecond today, to four of them in the year 2400. */
const TIME_STEP_NS = 4_000n;

/** Entries of `after` that are new, changed or missing since `before`. */
function differences(before: Map<string, Seen>, after: Map<string, Seen>, stepNs = TIME_STEP_NS): string[] {
  const added = [...after.keys()].filter((path) => !before.has(path)).map((path) => `${path} was added`);
  const changed = [...before].flatMap(([path, { what, time: was }]) => {
    const now = after.get(path);
    if (now?.what !== what) return [`${JSON.stringify(path)}: ${what} became ${now?.what}`];
    const difference = now.time - was;
    return difference < stepNs && difference > -stepNs ? [] : [`${JSON.stringify(path)}: ${was} became ${now.time}`];
  });
  return [...added, ...changed];
}

const isOfBits = ({ why }: SkippedEntry): boolean => why.startsWith('packed without its ');

function isNamed(path: string, skipped: readonly SkippedEntry[]): boolean {
  return skipped.some((entry) => !isOfBits(entry) && (path === entry.path || path.startsWith(`${entry.path}/`)));
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
    for (const path of before.keys()) if (isNamed(path, packed.skipped)) before.delete(path);
    t.deepEqual(differences(before, after), []);
    const special = [...before].filter(([, { isSpecial }]) => isSpecial).map(([path]) => path);
    t.deepEqual(
      packed.skipped
        .filter(isOfBits)
        .map(({ path }) => path)
        .sort(),
      special.sort(),
    );
    t.false([...after.values()].some(({ isSpecial }) => isSpecial));
    await run('tar', ['-tzf', archive]);
    await removeTree(dir);
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
  t.deepEqual(differences(await look(source), await look(join(root, 'out'))), []);
});

test('permissions of files and folders come back exactly, whatever the umask; special bits are named', async (t) => {
  const root = await tempDir(t);
  const source = join(root, 'source');
  await mkdir(source);
  for (const bits of PERMISSIONS.map((each) => each | READABLE)) {
    const name = bits.toString(8);
    await writeFile(join(source, `file ${name}`), name);
    await chmod(join(source, `file ${name}`), bits);
    await mkdir(join(source, `folder ${name}`, 'in', 'it'), { recursive: true });
    await writeFile(join(source, `folder ${name}`, 'in', 'x'), '');
    await chmod(join(source, `folder ${name}`), bits);
  }
  await writeFile(join(source, 'set'), '');
  await chmod(join(source, 'set'), 0o6775);
  await mkdir(join(source, 'sticky'));
  await chmod(join(source, 'sticky'), 0o1777);
  const packed = await packFolder(source, join(root, 'archive'));
  t.deepEqual(packed?.skipped, [
    { path: 'set', why: 'packed without its set-user-ID and set-group-ID bits' },
    { path: 'sticky', why: 'packed without its sticky bit' },
  ]);
  // Twice: the second time, the folders are there and can't be written to.
  for (let time = 1; time <= 2; time++) {
    await unpackArchive(join(root, 'archive'), join(root, 'out'), LIMITS);
    t.deepEqual(differences(await look(source), await look(join(root, 'out'))), []);
  }
  await removeTree(source);
  await removeTree(join(root, 'out'));
});

test('a set-group-ID bit that all folders have from the folder around them is not named', async (t) => {
  const root = await tempDir(t);
  const source = join(root, 'source');
  await mkdir(source);
  await chmod(source, 0o2775);
  await mkdir(join(source, 'folder'));
  await writeFile(join(source, 'file'), '');
  await chmod(join(source, 'file'), 0o2755);
  const packed = await packFolder(source, join(root, 'archive'));
  t.deepEqual(packed?.skipped, [{ path: 'file', why: 'packed without its set-group-ID bit' }]);
});

test('times come back to the microsecond, of links too, and stand in the archive to the nanosecond', async (t) => {
  const root = await tempDir(t);
  const source = join(root, 'source');
  await mkdir(source);
  const times = ['1700000000.123456', '1000000000.999', '0.5', '0.000001', '-0.5', '-464000000.123456', '1234567890']
    .concat(['1764493500.7', '4102444800.000002', '-1.999999'])
    .sort();
  for (const [index, seconds] of times.entries()) {
    await writeFile(join(source, `file ${index}`), '');
    await symlink('nowhere', join(source, `link ${index}`));
    await run('touch', ['-h', '-d', `@${seconds}`, join(source, `file ${index}`), join(source, `link ${index}`)]);
  }
  await run('touch', ['-d', '@1700000000.123456789', join(source, 'fine')]);
  await packFolder(source, join(root, 'archive'));
  await unpackArchive(join(root, 'archive'), join(root, 'out'), LIMITS);
  t.deepEqual(differences(await look(source), await look(join(root, 'out')), 1_000n), []);
  for (const index of times.keys()) {
    for (const kind of ['file', 'link']) {
      const [was, now] = await Promise.all(
        [source, join(root, 'out')].map((dir) => lstat(join(dir, `${kind} ${index}`), { bigint: true })),
      );
      t.is(now?.mtimeNs, was?.mtimeNs, `${kind} of ${times[index]}`);
    }
  }
  await mkdir(join(root, 'gnu'));
  await run('tar', ['-xzf', join(root, 'archive'), '-C', join(root, 'gnu')]);
  t.deepEqual(differences(await look(source), await look(join(root, 'gnu')), 1n), []);
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

/** Many parts, so that their list continues in further headers. */
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
    // Only pax has room for fractions of a second.
    const stepNs = title.startsWith('pax') ? TIME_STEP_NS : 1_000_000_000n;
    t.deepEqual(differences(await look(source), await look(join(root, 'out')), stepNs), []);
    t.is((await lstat(join(root, 'out', 'second name'))).nlink, 2);
  });
}

const unsupported: [title: string, head: string, message: RegExp][] = [
  ['xz', '\xfd7zXZ\0rest', /not supported: an archive compressed with xz; make it with "tar -czf"/],
  ['zip', 'PK\x03\x04', /not supported: a zip archive/],
  ['zstd', '\x28\xb5\x2f\xfd', /not supported: an archive compressed with zstd/],
  ['bzip2', 'BZh91AY', /not supported: an archive compressed with bzip2/],
  ['nothing', '', /the file is empty/],
  ['text', 'hello world', /not supported: a file that is not a tar archive/],
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
