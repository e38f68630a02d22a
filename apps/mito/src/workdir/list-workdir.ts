import { isUtf8 } from 'node:buffer';
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { invalidField, MitoError } from '@mitosis/domain';
import { codeLinkObjection, codePathObjection, type SourceFile, type SourceLink } from '@mitosis/executor';
import { git, gitState, unreadFolder, withLister, type GitState, type Lister } from './git.js';

/** Something of the folder that is not sent, and why. A folder has a `/` at its end. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

export interface ListedWorkdir {
  readonly dir: string;
  readonly files: readonly SourceFile[];
  readonly links: readonly SourceLink[];
  readonly leftOut: readonly LeftOut[];
  readonly git: GitState | undefined;
}

const OWN_RULES = '.mitoignore';
const ADVICE = `Name it in ${OWN_RULES}`;

function unsendable(name: string, why: string): MitoError {
  return new MitoError('invalid', 'workdir_unsendable', `--workdir: "${name}" can't be sent: ${why}. ${ADVICE}`);
}

/**
 * What of a folder is sent: what git sees of it, tracked and untracked, as it lies on the disk; of submodules and
 * nested repositories by their own rules. `.mitoignore` in the folder replaces `.gitignore`. Throws with the name of
 * what can't be sent.
 */
export async function listWorkdir(given: string): Promise<ListedWorkdir> {
  const dir = rootOf(given);
  return withLister(dir, async (lister) => {
    const listing = new Listing(dir);
    if (lister.kind === 'none') listing.walk('');
    else await listing.list('', lister);
    return {
      dir,
      files: listing.files,
      links: listing.links,
      leftOut: listing.leftOut,
      git: lister.kind === 'repository' ? await gitState(dir) : undefined,
    };
  });
}

function rootOf(given: string): string {
  try {
    const dir = realpathSync(given);
    if (statSync(dir).isDirectory()) return dir;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw invalidField('--workdir', `${given} ${code === 'ENOENT' ? 'does not exist' : `can't be read: ${code}`}`);
  }
  throw invalidField('--workdir', `${given} is not a folder`);
}

function namesIn(out: Buffer): string[] {
  // lossy: what is not UTF-8 is refused below
  const text = out.toString('utf8');
  if (!isUtf8(out)) {
    const wrong = text.split('\0').find((name) => name.includes('\ufffd')) ?? '';
    throw unsendable(wrong, 'its name is not UTF-8');
  }
  return text.split('\0').filter((name) => name !== '');
}

class Listing {
  readonly files: SourceFile[] = [];
  readonly links: SourceLink[] = [];
  readonly leftOut: LeftOut[] = [];

  constructor(private readonly root: string) {}

  /** One repository, or one folder as if it were one; `at` is where it lies below the root. */
  async list(at: string, lister: Exclude<Lister, { kind: 'none' }>): Promise<void> {
    const dir = path.join(this.root, at);
    const isOwn = existsSync(path.join(dir, OWN_RULES));
    const rules = isOwn ? `--exclude-per-directory=${OWN_RULES}` : '--exclude-standard';
    const ask = async (...args: string[]): Promise<string[]> => {
      const said = await git(dir, [...lister.prefix, 'ls-files', '-z', rules, ...args]);
      const unread = unreadFolder(said?.err ?? '');
      if (unread) throw unsendable(joined(at, unread.name), `it can't be read: ${unread.why}`);
      return namesIn(said?.out ?? Buffer.alloc(0));
    };
    const isTracking = lister.kind === 'repository';
    const names = new Set(await ask(...(isTracking ? ['--cached'] : []), '--others'));
    const ignored = await ask('--others', '--ignored', '--directory');
    const dropped = isOwn && isTracking ? await ask('--cached', '--ignored') : [];
    for (const name of dropped) names.delete(name);
    const why = isOwn ? OWN_RULES : '.gitignore';
    for (const name of [...ignored, ...dropped]) this.leftOut.push({ path: joined(at, name), why });
    for (const name of names) await this.take(joined(at, name.replace(/\/$/, '')));
    this.noteSpecials();
  }

  /** Without git there are no rules. */
  walk(at: string): void {
    for (const { name } of readdirSync(path.join(this.root, at), { withFileTypes: true })) {
      if (name === '.git') continue;
      if (name === OWN_RULES || name === '.gitignore') {
        throw new MitoError(
          'invalid',
          'git_missing',
          `--workdir: ${joined(at, name)} needs git, which is not installed`,
        );
      }
      const place = joined(at, name);
      const stats = lstatSync(path.join(this.root, place));
      if (stats.isDirectory()) this.walk(place);
      else if (stats.isFile() || stats.isSymbolicLink()) this.add(place, stats);
      else this.leftOut.push({ path: place, why: 'neither a file nor a link' });
    }
  }

  /** A file that is in the index and was deleted is absent; a folder in its place is a repository of its own. */
  private async take(place: string): Promise<void> {
    const stats = lstatSync(path.join(this.root, place), { throwIfNoEntry: false });
    if (!stats) return;
    if (!stats.isDirectory()) return this.add(place, stats);
    if (existsSync(path.join(this.root, place, '.git'))) await this.list(place, { kind: 'repository', prefix: [] });
  }

  private add(place: string, stats: Stats): void {
    const objection = codePathObjection(place);
    if (objection !== undefined) throw unsendable(place, objection);
    const file = path.join(this.root, place);
    if (stats.isFile()) {
      const { size, mtimeMs, mode } = stats;
      this.files.push({ path: place, file, size, mtimeMs, isExecutable: (mode & 0o100) !== 0 });
    } else if (stats.isSymbolicLink()) this.link(place, file);
    else this.leftOut.push({ path: place, why: 'neither a file nor a link' });
  }

  private link(place: string, file: string): void {
    const raw = readlinkSync(file, { encoding: 'buffer' });
    // lossy: what is not UTF-8 is refused below
    const target = raw.toString();
    const objection = isUtf8(raw) ? codeLinkObjection(place, target) : 'its target is not UTF-8';
    if (objection !== undefined) throw unsendable(place, objection);
    this.links.push({ path: place, target });
  }

  /** Git skips sockets and pipes without a word. */
  private noteSpecials(): void {
    const folders = new Set(this.files.map(({ path: place }) => path.posix.dirname(place)));
    const known = new Set(this.leftOut.map(({ path: place }) => place));
    for (const folder of folders) {
      for (const entry of readdirSync(path.join(this.root, folder), { withFileTypes: true })) {
        const place = joined(folder === '.' ? '' : folder, entry.name);
        const isOrdinary = entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
        if (isOrdinary || known.has(place)) continue;
        known.add(place);
        this.leftOut.push({ path: place, why: entry.isSocket() ? 'a socket' : 'a pipe or device' });
      }
    }
  }
}

function joined(at: string, name: string): string {
  return at === '' ? name : `${at}/${name}`;
}
