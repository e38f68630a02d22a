import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MitoError } from '@mitosis/domain';

/** What git printed, and what it said on stderr. */
interface Said {
  readonly out: Buffer;
  readonly err: string;
}

const OUTPUT_MAX = 256 * 2 ** 20;

/** What git says of a folder that it skips. */
const PASSED_OVER = /could not open directory '(.*?)\/?': (.*)/;

/** The first folder that git could not read, and why; undefined when it has read all. */
export function unreadFolder(err: string): { readonly name: string; readonly why: string } | undefined {
  const [, name, why] = PASSED_OVER.exec(err) ?? [];
  return name === undefined || why === undefined ? undefined : { name, why };
}

/**
 * Runs git in a folder, with words in English, for some of them are looked
 * at. Undefined when there is no git. Throws its words when it fails.
 */
export async function git(dir: string, args: readonly string[]): Promise<Said | undefined> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const options = { cwd: dir, env, encoding: 'buffer', maxBuffer: OUTPUT_MAX } as const;
    execFile('git', [...args], options, (error, stdout, stderr) => {
      // lossy: words for people
      const err = stderr.toString().trim();
      if (!error) return resolve({ out: stdout, err });
      if (error.code === 'ENOENT') return resolve(undefined);
      reject(new MitoError('invalid', 'git_failed', `--workdir: git ${args[0]}: ${err || error.message}`));
    });
  });
}

/** The first line of what git prints; undefined when it fails. */
async function line(dir: string, ...args: string[]): Promise<string | undefined> {
  const said = await git(dir, args).catch(() => undefined);
  // lossy: a name of a branch, to be shown
  return said?.out.toString().split('\n')[0]?.trim() || undefined;
}

/** Where a folder stands in git. */
export interface GitState {
  readonly commit: string | null;
  readonly branch: string | null;
  readonly is_dirty: boolean | null;
}

export async function gitState(dir: string): Promise<GitState> {
  const [commit, branch, status] = await Promise.all([
    line(dir, 'rev-parse', 'HEAD'),
    line(dir, 'symbolic-ref', '--short', '-q', 'HEAD'),
    git(dir, ['status', '--porcelain', '-z', '--', '.']).catch(() => undefined),
  ]);
  return { commit: commit ?? null, branch: branch ?? null, is_dirty: status ? status.out.length > 0 : null };
}

/** How git lists the files of a folder: in its repository, or as if it were one; `none` without git. */
export type Lister =
  { readonly kind: 'repository' | 'folder'; readonly prefix: readonly string[] } | { readonly kind: 'none' };

/** Calls `work` with the way to list the files of `dir`. */
export async function withLister<T>(dir: string, work: (lister: Lister) => Promise<T>): Promise<T> {
  const version = await git(dir, ['--version']);
  if (!version) return work({ kind: 'none' });
  try {
    const inside = await git(dir, ['rev-parse', '--is-inside-work-tree']);
    // lossy: it is true or false
    if (inside?.out.toString().trim() === 'true') return await work({ kind: 'repository', prefix: [] });
  } catch (error) {
    if (!/not a git repository/i.test((error as Error).message)) throw error;
  }
  const bare = await mkdtemp(path.join(tmpdir(), 'mito-git-'));
  try {
    await git(dir, ['init', '-q', '--bare', bare]);
    return await work({ kind: 'folder', prefix: [`--git-dir=${bare}`, `--work-tree=${dir}`] });
  } finally {
    await rm(bare, { recursive: true, force: true });
  }
}
