import { nearestOf } from './nearest.js';

/** How the environment of a task is made: a kind, and the file of the folder of code that says what is in it. */
export interface EnvSetup {
  readonly kind: EnvSetupKind;
  /** Relative to the folder of code; absent for kinds whose files have fixed names. */
  readonly file?: string;
}

export type EnvSetupKind = 'uv' | 'venv' | 'conda' | 'npm' | 'command';

/**
 * By kind, the file that is meant when none is named: null where
 * the names are fixed, undefined where one has to be named.
 */
const DEFAULT_FILES: Readonly<Record<EnvSetupKind, string | null | undefined>> = {
  uv: null,
  venv: 'requirements.txt',
  conda: 'environment.yml',
  npm: null,
  command: undefined,
};

const KINDS = Object.keys(DEFAULT_FILES) as EnvSetupKind[];
const FORMS = 'uv, venv:requirements.txt, conda:environment.yml, npm, command:./setup.sh';
const FILE_MAX = 1_024;

/** Lock files of npm, the one that it prefers first. */
export const NPM_LOCKS = ['npm-shrinkwrap.json', 'package-lock.json'] as const;

/** `uv`, `venv:requirements.txt`, …: what it says, or why it says nothing. */
export function readEnvSetup(text: string): EnvSetup | { readonly objection: string } {
  const colon = text.indexOf(':');
  const word = colon === -1 ? text : text.slice(0, colon); // parsing: the kind is ASCII
  const kind = KINDS.find((known) => known === word);
  if (kind === undefined) return { objection: unknownKind(word) };
  const fallback = DEFAULT_FILES[kind];
  if (colon === -1) {
    if (fallback === undefined) return { objection: `"${kind}" needs a file: write ${kind}:./setup.sh` };
    return fallback === null ? { kind } : { kind, file: fallback };
  }
  if (fallback === null) return { objection: `"${kind}" takes no file, for its files have fixed names: write ${kind}` };
  const file = text.slice(colon + 1).replace(/^(\.\/+)+/, ''); // parsing: what follows the colon
  const objection = fileObjection(file);
  return objection === undefined ? { kind, file } : { objection };
}

function unknownKind(word: string): string {
  const near = nearestOf(word, KINDS);
  if (word === '') return `is empty; use one of ${FORMS}`;
  const meant = near === undefined ? '.' : `; did you mean "${near}"?`;
  return `"${word}" is not a known kind${meant} Use one of ${FORMS}`;
}

function fileObjection(file: string): string | undefined {
  if (file === '') return 'the name of the file is missing after ":"';
  if (file.startsWith('/') || file.split('/').includes('..'))
    return `"${file}" is outside of the folder of code; name a file in it, relative to it`;
  return file.length > FILE_MAX ? 'the name of the file is too long' : undefined;
}

/** The files that an environment is made from, of those that the folder has. */
export type EnvFiles = readonly string[] | { readonly missing: string };

/** Which files make the environment; `has` tells whether the folder of code has a file. */
export function envFilesOf({ kind, file }: EnvSetup, has: (file: string) => boolean): EnvFiles {
  if (file !== undefined) return has(file) ? [file] : missing(file);
  return kind === 'npm' ? npmFiles(has) : uvFiles(has);
}

function uvFiles(has: (file: string) => boolean): EnvFiles {
  if (has('pyproject.toml') && has('uv.lock')) return ['pyproject.toml', 'uv.lock'];
  if (has('requirements.txt')) return ['requirements.txt'];
  if (!has('pyproject.toml')) return missing('pyproject.toml with uv.lock, nor a requirements.txt', 'has neither a');
  return { missing: 'the folder of code has a pyproject.toml, but no uv.lock: run "uv lock", and send the file along' };
}

function npmFiles(has: (file: string) => boolean): EnvFiles {
  if (!has('package.json')) return missing('package.json');
  const lock = NPM_LOCKS.find(has);
  return lock === undefined ? missing('package-lock.json') : ['package.json', lock];
}

function missing(what: string, verb = 'has no'): EnvFiles {
  return { missing: `the folder of code ${verb} ${what}. Files that .gitignore or .mitoignore name are not sent` };
}
