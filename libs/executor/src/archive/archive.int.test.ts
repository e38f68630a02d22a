import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, readlink, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { Header, Pax, type HeaderData } from 'tar';
import { tempDir } from '@mitosis/testing';
import { packFolder, unpackArchive } from '../index.js';
import { removeTree } from '../remove-tree.js';
import { quickGzip } from './quick-gzip.js';

const run = promisify(execFile);
const LIMITS = { bytes: 10_000_000, entries: 1000, ratio: 100 };

interface Folders {
  readonly source: string;
  readonly archive: string;
  readonly target: string;
  readonly root: string;
}

async function folders(t: ExecutionContext): Promise<Folders> {
  const root = await tempDir(t);
  const source = join(root, 'source');
  await mkdir(source);
  return { root, source, archive: join(root, 'archive.tar.gz'), target: join(root, 'target') };
}

test('what was packed comes out the same', async (t) => {
  const { source, archive, target } = await folders(t);
  const deep = join('a', 'b'.repeat(120), 'c'.repeat(120));
  await mkdir(join(source, deep), { recursive: true });
  await mkdir(join(source, 'empty'));
  await writeFile(join(source, deep, 'naïve file 名'), 'x'.repeat(3_000_000));
  await writeFile(join(source, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(source, 'nothing'), '');
  await symlink('../tool', join(source, 'a', 'link'));
  await symlink('not/yet', join(source, 'dangling'));
  await link(join(source, 'tool'), join(source, 'same-tool'));
  const packed = await packFolder(source, archive);
  t.like(packed, { files: 4, skipped: [], sizeBytes: (await stat(archive)).size });
  t.is(
    packed?.sha256,
    createHash('sha256')
      .update(await readFile(archive))
      .digest('hex'),
  );

  t.like(await unpackArchive(archive, target, { ...LIMITS, ratio: 10_000 }), { files: 4, bytes: 3_000_020 });
  await run('diff', ['-r', '--no-dereference', source, target]);
  t.is((await stat(join(target, 'tool'))).mode & 0o111, 0o111 & ~0o022);
  t.is(await readlink(join(target, 'a', 'link')), '../tool');
});

test('one archive stores incompressible files as they are and compresses the others', async (t) => {
  const { source, archive, target } = await folders(t);
  const dense = randomBytes(5_000_000);
  const sparse = Buffer.alloc(5_000_000, 'step 1 loss 0.25\n');
  // Changes its nature within a file, and from file to file.
  await writeFile(join(source, 'mixed'), Buffer.concat([sparse, dense, sparse]));
  await writeFile(join(source, 'dense'), dense);
  await writeFile(join(source, 'sparse'), sparse);
  const packed = await packFolder(source, archive);
  const excess = (packed?.sizeBytes ?? 0) - 2 * dense.length;
  // Within the file one piece of 1 MiB is half of this kind and half of that.
  t.true(excess > 0 && excess < 1_000_000, `${excess} bytes besides the incompressible ones`);
  await unpackArchive(archive, target, { bytes: 3e7, entries: 10, ratio: 100 });
  await run('diff', ['-r', source, target]);
  await run('gzip', ['-t', archive]);
});

test('how fast pieces come, and are read, changes nothing in the archive', async (t) => {
  const [dense, plain] = [randomBytes(200_000), Buffer.alloc(200_000, 'step 1 loss 0.25\n')];
  const pieces = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? dense : plain));
  const pack = async (between: () => Promise<void>): Promise<Buffer> => {
    const feed = async function* (): AsyncGenerator<Buffer> {
      for (const piece of pieces) {
        await between();
        yield piece;
      }
    };
    const packed: Buffer[] = [];
    for await (const block of quickGzip(feed())) {
      await between();
      packed.push(block);
    }
    return Buffer.concat(packed);
  };
  const atOnce = await pack(() => Promise.resolve());
  t.true(atOnce.equals(await pack(() => setImmediate())));
  t.true(gunzipSync(atOnce).equals(Buffer.concat(pieces)));
  t.true(atOnce.length < 20 * dense.length + 100_000, `${atOnce.length} bytes`);
});

test('incompressible data is stored in the largest blocks that deflate has', async (t) => {
  const { source, archive } = await folders(t);
  await writeFile(join(source, 'dense'), randomBytes(50_000_000));
  const packed = await packFolder(source, archive);
  // 5 bytes for each 65,535; a compressor that gives up on 16 KiB after 16 KiB has four times as many.
  const excess = (packed?.sizeBytes ?? 0) - 50_000_000;
  t.true(excess > 3_800 && excess < 6_000, `${excess} bytes besides the file`);
});

test('tar understands it, and equal folders give equal archives', async (t) => {
  const { source, archive, root } = await folders(t);
  for (const name of ['b', 'a', 'c']) await writeFile(join(source, name), name);
  const first = await packFolder(source, archive);
  const { stdout } = await run('tar', ['-tzf', archive]);
  t.is(stdout, 'a\nb\nc\n');
  t.deepEqual(await packFolder(source, join(root, 'again.tar.gz')), first);
});

test('an empty folder gives no archive', async (t) => {
  const { source, archive, root } = await folders(t);
  t.is(await packFolder(source, archive), undefined);
  t.deepEqual(await readdir(root), ['source']);
});

test('what is not a file, or leads outside, is listed and left out', async (t) => {
  const { source, archive, target } = await folders(t);
  await run('mkfifo', [join(source, 'pipe')]);
  const server = createServer().listen(join(source, 'socket'));
  t.teardown(() => void server.close());
  await symlink('/etc/passwd', join(source, 'absolute'));
  await symlink('../outside', join(source, 'up'));
  await symlink('missing', join(source, 'dangling'));
  await writeFile(join(source, 'line\nbreak'), '');
  await run('/bin/sh', ['-c', 'printf x > "$(printf "bad\\377name")"'], { cwd: source });
  const packed = await packFolder(source, archive);
  t.deepEqual(
    packed?.skipped.map(({ path, why }) => `${path}: ${why}`),
    [
      'absolute: a link that leaves the folder',
      'bad\ufffdname: its name is not UTF-8',
      'line\nbreak: its name has a line break',
      'pipe: a named pipe',
      'socket: a socket',
      'up: a link that leaves the folder',
    ],
  );
  await unpackArchive(archive, target, LIMITS);
  t.deepEqual(await readdir(target), ['dangling']);
});

test('a folder past the limits is refused, and no archive is left', async (t) => {
  const { source, archive, root } = await folders(t);
  await writeFile(join(source, 'sparse'), '');
  await truncate(join(source, 'sparse'), 10_000_001);
  await t.throwsAsync(packFolder(source, archive, { limits: LIMITS }), { code: 'folder_too_large' });
  for (let index = 0; index < 3; index++) await writeFile(join(source, `f${index}`), '');
  await t.throwsAsync(packFolder(source, archive, { limits: { bytes: 1e9, entries: 3 } }), {
    code: 'folder_too_large',
  });
  await t.throwsAsync(packFolder(join(source, 'missing'), archive), { code: 'pack_failed', message: /ENOENT/ });
  t.deepEqual(await readdir(root), ['source']);
});

test('a disk that is full is told with the reason', async (t) => {
  const { source, root } = await folders(t);
  await writeFile(join(source, 'file'), 'x');
  await symlink('/dev/full', join(root, 'full'));
  await t.throwsAsync(packFolder(source, join(root, 'full')), { code: 'pack_failed', message: /ENOSPC/ });
});

type Entry = HeaderData & { readonly body?: string };

async function writeArchive(file: string, entries: readonly Entry[]): Promise<void> {
  const blocks = entries.flatMap(({ body = '', ...data }) => {
    const header = new Header({ mode: 0o644, size: body.length, mtime: new Date(0), ...data });
    header.encode();
    const padded = Buffer.alloc(Math.ceil(body.length / 512) * 512);
    padded.write(body);
    const long = new Pax({ path: data.path ?? '' }).encode();
    return [...((data.path ?? '').length > 100 ? [long] : []), header.block ?? Buffer.alloc(0), padded];
  });
  await writeFile(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
}

const OWNED = 'owned';
const file = (path: string, body = OWNED): Entry => ({ path, type: 'File', body });
const linkTo = (path: string, linkpath: string): Entry => ({ path, type: 'SymbolicLink', linkpath });

const hostile: [title: string, entries: Entry[], code: string][] = [
  ['a path that goes up', [file('../escaped')], 'archive_refused'],
  ['a path that goes up on the way', [file('a/../../escaped')], 'archive_refused'],
  ['an absolute path', [file('/tmp/mito-escaped')], 'archive_refused'],
  ['a link that goes up', [linkTo('l', '../')], 'archive_refused'],
  ['an absolute link', [linkTo('l', '/tmp')], 'archive_refused'],
  ['a file written through a link', [linkTo('l', '.'), file('l/x')], 'archive_refused'],
  [
    'a chain of links that leads up',
    [linkTo('d/e/y', '../..'), linkTo('d/e/f', 'y/..'), file('d/e/f/escaped')],
    'archive_refused',
  ],
  ['a hard link to a file outside', [{ path: 'h', type: 'Link', linkpath: '../../etc/passwd' }], 'archive_refused'],
  ['a hard link to a link', [linkTo('l', 'a'), { path: 'h', type: 'Link', linkpath: 'l' }], 'archive_refused'],
  [
    'a hard link through a link',
    [{ path: 'd', type: 'Directory' }, linkTo('l', 'd'), file('d/a'), { path: 'h', type: 'Link', linkpath: 'l/a' }],
    'archive_refused',
  ],
  [
    'a hard link to a file that comes later',
    [{ path: 'h', type: 'Link', linkpath: 'a' }, file('a')],
    'archive_refused',
  ],
  ['a named pipe', [{ path: 'p', type: 'FIFO' }], 'archive_refused'],
  ['a device', [{ path: 'd', type: 'CharacterDevice', devmaj: 1, devmin: 3 }], 'archive_refused'],
  ['too many entries', Array.from({ length: 1001 }, (_, index) => file(`f${index}`, '')), 'archive_too_large'],
  ['too many bytes', [{ path: 'big', type: 'File', size: 10_000_001 }], 'archive_too_large'],
  ['a size that is a lie', [{ path: 'big', type: 'File', size: 5_000_000, body: 'short' }], 'archive_'],
  ['a bomb', [file('bomb', '\0'.repeat(9_000_000))], 'archive_too_large'],
  ['a bare ..', [file('..')], 'archive_refused'],
  ['a path that ends in ..', [{ path: 'a/..', type: 'Directory' }], 'archive_refused'],
  ['a folder that goes up', [{ path: '../d', type: 'Directory' }], 'archive_refused'],
  ['an absolute folder', [{ path: '/tmp/mito-escaped-d', type: 'Directory' }], 'archive_refused'],
  ['a backslash in a path', [file('..\\escaped')], 'archive_refused'],
  ['a drive letter and a backslash', [file('C:\\escaped')], 'archive_refused'],
  ['a double slash at the beginning', [file('//tmp/mito-escaped')], 'archive_refused'],
  ['a link to itself above', [linkTo('a/b', '../../a/b')], 'archive_refused'],
  ['an empty link', [linkTo('l', '')], 'archive_'],
  [
    'a folder replaced by a link',
    [{ path: 'd', type: 'Directory' }, linkTo('d', '/tmp'), file('d/x')],
    'archive_refused',
  ],
  ['a link whose target goes up after a name', [linkTo('l', 'a/../../x')], 'archive_refused'],
  ['a hard link to an absolute path', [{ path: 'h', type: 'Link', linkpath: '/etc/passwd' }], 'archive_refused'],
  ['a block device', [{ path: 'b', type: 'BlockDevice', devmaj: 8, devmin: 0 }], 'archive_refused'],
  ['a good file before a bad one', [file('fine'), file('../escaped')], 'archive_refused'],
  [
    'a name behind a long path that goes up',
    [file(`${'a/'.repeat(60)}../${'../'.repeat(60)}escaped`)],
    'archive_refused',
  ],
  ['too deep a path', [file(`${'d/'.repeat(300)}f`)], 'archive_refused'],
];
for (const [title, entries, code] of hostile) {
  test(`an archive with ${title} is refused and touches nothing outside`, async (t) => {
    const { archive, target, root } = await folders(t);
    await writeArchive(archive, entries);
    const error = await t.throwsAsync(unpackArchive(archive, target, LIMITS));
    t.true('code' in error && String(error.code).startsWith(code), String(error));
    t.deepEqual((await readdir(root)).sort(), ['archive.tar.gz', 'source']);
  });
}

test('an archive that is refused halfway leaves what was in the folder, and says what it added', async (t) => {
  const { archive, target, root } = await folders(t);
  await writeArchive(archive, [file('a/b'), file('c'), file('../escaped')]);
  await mkdir(target);
  const nothing = { code: 'archive_refused', message: /not inside the folder\. Nothing of it is left in .*\.$/ };
  await t.throwsAsync(unpackArchive(archive, target, LIMITS), nothing);
  t.deepEqual(await readdir(target), []);
  await t.throwsAsync(unpackArchive(archive, join(root, 'new', 'deep'), LIMITS), nothing);
  await writeFile(join(target, 'mine'), 'mine');
  await t.throwsAsync(unpackArchive(archive, target, LIMITS), {
    message: /\. 2 of its entries are in .*target, and stay there\.$/,
  });
  t.deepEqual((await readdir(target)).sort(), ['a', 'c', 'mine']);
  t.deepEqual((await readdir(root)).sort(), ['archive.tar.gz', 'source', 'target']);
});

test('a file that the system does not let grow is named, with what helps, and nothing is left', async (t) => {
  const { source, archive, target, root } = await folders(t);
  await mkdir(join(source, 'deep'));
  await writeFile(join(source, 'a'), 'x');
  await writeFile(join(source, 'deep', 'large'), randomBytes(500_000));
  await packFolder(source, archive);
  const program = `import { unpackArchive } from ${JSON.stringify(new URL('../index.js', import.meta.url))};
    const limits = { bytes: 1e9, entries: 1000, ratio: 1000 };
    await unpackArchive(${JSON.stringify(archive)}, ${JSON.stringify(target)}, limits)
      .catch((error) => console.log(error.message));`;
  const limited = `ulimit -f 100; exec "$0" --input-type=module -e "$1"`;
  const { stdout } = await run('/bin/sh', ['-c', limited, process.execPath, program]);
  const large = join(target, 'deep', 'large');
  t.is(
    stdout,
    `The archive was not unpacked: ${large} was not written: file too large (EFBIG). Mend that, and try again. ` +
      `Nothing of it is left in ${target}.\n`,
  );
  t.deepEqual((await readdir(root)).sort(), ['archive.tar.gz', 'source']);
  await mkdir(target);
  await writeFile(join(target, 'mine'), 'mine');
  t.regex((await run('/bin/sh', ['-c', limited, process.execPath, program])).stdout, /2 of its entries are in/);
  t.deepEqual((await readdir(target, { recursive: true })).sort(), ['a', 'deep', 'mine']);
});

test('what is not an archive is refused', async (t) => {
  const { root, target, source } = await folders(t);
  const samples = [Buffer.from('not gzip'), gzipSync(Buffer.from('not tar'.repeat(1000))), Buffer.alloc(0)];
  for (const [index, bytes] of samples.entries()) {
    const archive = join(root, `sample-${index}`);
    await writeFile(archive, bytes);
    await t.throwsAsync(unpackArchive(archive, target, LIMITS), { code: 'archive_refused' }, String(index));
  }
  await writeFile(join(source, 'file'), 'x'.repeat(100_000));
  await packFolder(source, join(root, 'whole'));
  await truncate(join(root, 'whole'), 100);
  await t.throwsAsync(unpackArchive(join(root, 'whole'), target, LIMITS), { code: 'archive_refused' });
  await t.throwsAsync(unpackArchive(join(root, 'missing'), target, LIMITS), {
    code: 'archive_refused',
    message: /ENOENT/,
  });
});

test('special bits of an archive are dropped, and a folder that nobody may write to is unpacked whole', async (t) => {
  const { archive, target } = await folders(t);
  await writeArchive(archive, [
    { path: 'd/e', type: 'Directory', mode: 0o7555 },
    { path: 'd', type: 'Directory', mode: 0o555 },
    { ...file('d/s'), mode: 0o4755 },
    { ...file('d/e/f'), mode: 0o400 },
  ]);
  await unpackArchive(archive, target, LIMITS);
  const modes = ['d', 'd/s', 'd/e', 'd/e/f'].map(async (path) => (await stat(join(target, path))).mode & 0o7777);
  t.deepEqual(await Promise.all(modes), [0o555, 0o755, 0o555, 0o400]);
  await removeTree(target);
});

test('the last of two entries with one name wins, inside the folder', async (t) => {
  const { archive, target, root } = await folders(t);
  await writeArchive(archive, [file('a', 'first'), linkTo('b', 'a'), file('b', 'second')]);
  await unpackArchive(archive, target, LIMITS);
  t.is(await readFile(join(target, 'a'), 'utf8'), 'first');
  t.is(await readFile(join(target, 'b'), 'utf8'), 'second');
  t.deepEqual((await readdir(root)).sort(), ['archive.tar.gz', 'source', 'target']);
});

test('packing ends when it is called off, and leaves nothing', async (t) => {
  const { source, archive } = await folders(t);
  await writeFile(join(source, 'sparse'), '');
  await truncate(join(source, 'sparse'), 60 * 2 ** 30);
  const why = new Error('called off');
  const controller = new AbortController();
  const packing = packFolder(source, archive, { signal: controller.signal });
  setImmediate().then(() => controller.abort(why), t.fail);
  t.is(await t.throwsAsync(packing), why);
  await t.throwsAsync(stat(archive), { code: 'ENOENT' });
});
