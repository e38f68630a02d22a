import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '@mitosis/testing';
import { listWorkdir } from './list-workdir.js';

const git = (dir: string, ...args: string[]): void => {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'protocol.file.allow=always'];
  execFileSync('git', [...identity, ...args], { cwd: dir, stdio: 'ignore' });
};

async function folder(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await tempDir(t);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  return dir;
}

async function pathsIn(dir: string): Promise<string[]> {
  const { files, links } = await listWorkdir(dir);
  return [...files, ...links].map((item) => item.path).sort();
}

test('of a repository what git sees is sent: untracked files, not ignored or deleted ones, nor .git', async (t) => {
  const dir = await folder(t, {
    '.gitignore': 'data/\n*.bin\n',
    'a.py': '',
    'gone.py': '',
    'x.bin': '',
    'naïve.txt': '',
  });
  git(dir, 'init', '-q');
  git(dir, 'add', '.');
  git(dir, 'add', '-f', 'x.bin');
  git(dir, 'commit', '-qm', 'first');
  await rm(path.join(dir, 'gone.py'));
  await mkdir(path.join(dir, 'data'));
  for (const name of ['data/large', 'y.bin', 'new.py', 'with\nline break']) await writeFile(path.join(dir, name), '1');
  await symlink('a.py', path.join(dir, 'link'));
  t.deepEqual(await pathsIn(dir), ['.gitignore', 'a.py', 'link', 'naïve.txt', 'new.py', 'with\nline break', 'x.bin']);
  const { leftOut, git: state } = await listWorkdir(dir);
  t.deepEqual(leftOut.map((item) => item.path).sort(), ['data/', 'y.bin']);
  t.like(state, { is_dirty: true });
  t.regex(state?.commit ?? '', /^[0-9a-f]{40}$/);
});

test('submodules and nested repositories are sent by their own rules', async (t) => {
  const library = await folder(t, { 'lib.py': '', '.gitignore': '*.o\n' });
  git(library, 'init', '-q');
  git(library, 'add', '.');
  git(library, 'commit', '-qm', 'first');
  const dir = await folder(t, { 'a.py': '', 'nested/n.py': '', 'nested/n.tmp': '', 'nested/.gitignore': '*.tmp\n' });
  git(dir, 'init', '-q');
  git(dir, 'submodule', 'add', '-q', library, 'sub');
  git(dir, 'add', 'a.py');
  git(dir, 'commit', '-qm', 'first');
  git(path.join(dir, 'nested'), 'init', '-q');
  for (const name of ['sub/untracked.py', 'sub/x.o']) await writeFile(path.join(dir, name), '');
  t.deepEqual(await pathsIn(dir), [
    ...['.gitmodules', 'a.py', 'nested/.gitignore', 'nested/n.py', 'sub/.gitignore', 'sub/lib.py', 'sub/untracked.py'],
  ]);
});

test('.mitoignore takes the place of .gitignore, for tracked files, too', async (t) => {
  const files = { '.gitignore': 'data/\n', '.mitoignore': 'data/*\n!data/small.csv\n*.bin\n', 't.bin': '', 'a.py': '' };
  const dir = await folder(t, { ...files, 'data/small.csv': '1', 'data/large': '22' });
  t.deepEqual(await pathsIn(dir), ['.gitignore', '.mitoignore', 'a.py', 'data/small.csv'], 'without a repository');
  git(dir, 'init', '-q');
  git(dir, 'add', '-f', 't.bin', 'a.py');
  t.deepEqual(await pathsIn(dir), ['.gitignore', '.mitoignore', 'a.py', 'data/small.csv']);
  const { leftOut } = await listWorkdir(dir);
  t.deepEqual(leftOut.map(({ path: name, why }) => `${name} ${why}`).sort(), [
    'data/large .mitoignore',
    't.bin .mitoignore',
  ]);
});

test('a part of a repository is sent as the folder that it is', async (t) => {
  const dir = await folder(t, { 'a.py': '', 'sub/folder/b.py': '', 'sub/folder/x.o': '', '.gitignore': '*.o\n' });
  git(dir, 'init', '-q');
  t.deepEqual(await pathsIn(path.join(dir, 'sub/folder')), ['b.py']);
});

test('a link that leads out of the folder is refused, and named', async (t) => {
  const dir = await folder(t, { 'a.py': '' });
  await symlink('/etc/passwd', path.join(dir, 'out'));
  await t.throwsAsync(listWorkdir(dir), {
    code: 'workdir_unsendable',
    message: /--workdir: "out".*leads out.*\.mitoignore/,
  });
  await writeFile(path.join(dir, '.mitoignore'), 'out\n');
  t.deepEqual(await pathsIn(dir), ['.mitoignore', 'a.py']);
});

test('a name that is not UTF-8 is refused', async (t) => {
  const dir = await folder(t, { 'a.py': '' });
  await writeFile(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0x62, 0xff])]), '');
  await t.throwsAsync(listWorkdir(dir), { code: 'workdir_unsendable', message: /not UTF-8/ });
});

test('sockets and pipes are left out, and said', async (t) => {
  const dir = await folder(t, { 'a.py': '' });
  const server = createServer().listen(path.join(dir, 's'));
  t.teardown(() => server.close());
  await once(server, 'listening');
  execFileSync('mkfifo', [path.join(dir, 'p')]);
  const { files, leftOut } = await listWorkdir(dir);
  t.deepEqual(
    files.map((item) => item.path),
    ['a.py'],
  );
  t.deepEqual(leftOut.map((item) => item.path).sort(), ['p', 's']);
});

test('what is not a folder is refused', async (t) => {
  const dir = await folder(t, { 'a.py': '' });
  await t.throwsAsync(listWorkdir(path.join(dir, 'a.py')), { message: /--workdir: .* is not a folder/ });
  await t.throwsAsync(listWorkdir(path.join(dir, 'nothing')), { message: /--workdir: .*nothing does not exist/ });
});
