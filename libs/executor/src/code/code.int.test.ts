import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { CODE_LIMITS, type CodeManifest } from '@mitosis/protocol';
import { tempDir } from '@mitosis/testing';
import { packCode, type SourceFile } from './pack-code.js';
import { placeCode, readManifest } from './place-code.js';

const CONTENT: Readonly<Record<string, string>> = {
  'a.py': 'print(1)\n',
  'deep/er/b.txt': 'b',
  empty: '',
  'naïve name\nwith a line break': 'n',
  large: 'x'.repeat(CODE_LIMITS.packBytes + 5),
};

async function sourcesOf(t: ExecutionContext, content: Readonly<Record<string, string>>): Promise<SourceFile[]> {
  const dir = await tempDir(t);
  const sources: SourceFile[] = [];
  for (const [name, text] of Object.entries(content)) {
    const file = path.join(dir, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    if (name.endsWith('.py')) await chmod(file, 0o755);
    const { size, mtimeMs } = await stat(file);
    sources.push({ path: name, file, size, mtimeMs, isExecutable: name.endsWith('.py') });
  }
  return sources;
}

test('a folder comes back as it was: contents, long files, empty ones, links, executables', async (t) => {
  const packed = await packCode(await sourcesOf(t, CONTENT), [{ path: 'deep/link', target: '../a.py' }]);
  const dir = await tempDir(t);
  const manifest = await readManifest(await packed.read(packed.sha256), packed.sha256);
  const placed = await placeCode(manifest, dir, (sha256) => packed.read(sha256));
  for (const [name, text] of Object.entries(CONTENT)) t.is(await readFile(path.join(dir, name), 'utf8'), text);
  t.is(await readlink(path.join(dir, 'deep/link')), '../a.py');
  t.is((await stat(path.join(dir, 'a.py'))).mode & 0o777, 0o755 & ~process.umask());
  t.is(placed.size, Object.keys(CONTENT).length + 1);
});

test('a change of one file changes one pack, and the same content is the same folder', async (t) => {
  const content = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`d${index % 7}/f${index}`, `${index}`]),
  );
  const [before, again, after] = [
    await packCode(await sourcesOf(t, content), []),
    await packCode(await sourcesOf(t, content), []),
    await packCode(await sourcesOf(t, { ...content, 'd1/f1': 'changed' }), []),
  ];
  t.is(again.sha256, before.sha256);
  t.true(before.packs.length > 4);
  t.is(after.packs.filter((pack) => !before.packs.includes(pack)).length, 1);
});

test('a file that was written to since it was listed is named', async (t) => {
  const sources = await sourcesOf(t, { a: '1', b: '2' });
  await writeFile(sources[1]?.file ?? '', 'longer');
  const wording = { code: 'workdir_changed', message: /"b" was written to/ };
  await t.throwsAsync(packCode(sources, []), wording);
  const good = await sourcesOf(t, { a: '1' });
  const packed = await packCode(good, []);
  await writeFile(good[0]?.file ?? '', '2');
  await t.throwsAsync(packed.read(packed.packs[0] ?? ''), { code: 'workdir_changed', message: /"a"/ });
});

const sha = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

const piece = (name: string, text: string) => ({
  path: name,
  size: text.length,
  sha256: sha(text),
  is_executable: false,
  offset: 0,
  length: text.length,
});

const hostile = (change: Partial<CodeManifest>): CodeManifest => ({ version: 1, packs: [], links: [], ...change });

const HOSTILE: readonly (readonly [string, CodeManifest])[] = [
  ['a file outside', hostile({ packs: [{ sha256: sha('x'), pieces: [piece('../x', 'x')] }] })],
  ['an absolute file', hostile({ packs: [{ sha256: sha('x'), pieces: [piece('/x', 'x')] }] })],
  ['a link outside', hostile({ links: [{ path: 'l', target: '/etc/passwd' }] })],
  ['a link up', hostile({ links: [{ path: 'd/l', target: '../../x' }] })],
  [
    'a link twice',
    hostile({
      links: [
        { path: 'l', target: 'a' },
        { path: 'l', target: 'b' },
      ],
    }),
  ],
  [
    'a link instead of a file',
    hostile({ packs: [{ sha256: sha('x'), pieces: [piece('l', 'x')] }], links: [{ path: 'l', target: 'a' }] }),
  ],
  [
    'a file that is a folder',
    hostile({ packs: [{ sha256: sha('xx'), pieces: [piece('d', 'x'), piece('d/e', 'x')] }] }),
  ],
  ['a pack that is too short', hostile({ packs: [{ sha256: sha('x'), pieces: [piece('a', 'xy')] }] })],
  ['a pack that is too long', hostile({ packs: [{ sha256: sha('xyz'), pieces: [piece('a', 'xy')] }] })],
];

for (const [what, manifest] of HOSTILE) {
  test(`${what} is refused, and nothing is written outside`, async (t) => {
    const outside = await tempDir(t);
    const dir = path.join(outside, 'in');
    await mkdir(dir);
    const text = JSON.stringify(manifest);
    const contents = new Map(['x', 'xx', 'xyz'].map((content) => [sha(content), gzipSync(content)]));
    const placing = readManifest(gzipSync(text), sha(text)).then((list) =>
      placeCode(list, dir, async (sha256) => contents.get(sha256) ?? gzipSync('')),
    );
    await t.throwsAsync(placing, { code: 'code_refused' });
    await t.throwsAsync(lstat(path.join(outside, 'x')), { code: 'ENOENT' });
  });
}

test('what is not as its name says is refused', async (t) => {
  await t.throwsAsync(readManifest(gzipSync('{}'), sha('[]')), { code: 'code_refused' });
  await t.throwsAsync(readManifest(Buffer.from('no gzip'), sha('')), { code: 'code_refused' });
  await t.throwsAsync(readManifest(gzipSync('{}'), sha('{}')), { code: 'code_refused' });
});
