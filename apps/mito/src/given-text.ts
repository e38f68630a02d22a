import { readFileSync } from 'node:fs';
import { escapedText, MitoError } from '@mitosis/domain';
import { hasSecret } from './interactive/history-file.js';

/** What Node.js has put instead of each byte that is not UTF-8. */
const REPLACED = '\ufffd';
const RULE = 'Mitosis carries text in UTF-8 only.';
const REMEDY = 'Convert it with iconv, rename the file, or pass the bytes in a file, with --stdin or --resource.';
/** Variables that say where our files are; `PWD` is the current folder. */
const FOLDERS = new Set([
  'PWD',
  'HOME',
  'TMPDIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
]);

export interface Given {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads what the kernel keeps of this process, as bytes: entries that end in NUL. Undefined where there is no `/proc`.
 */
export type ReadProcess = (name: 'cmdline' | 'environ') => Uint8Array[] | undefined;

const readProcess: ReadProcess = (name) => {
  try {
    return splitAtNul(readFileSync(`/proc/self/${name}`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

function splitAtNul(bytes: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const nul = bytes.indexOf(0, from);
    const end = nul === -1 ? bytes.length : nul;
    entries.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return entries;
}

/** True for what somebody gave as U+FFFD, and not as other bytes. */
const isMeant = (bytes: Uint8Array | undefined, text: string): boolean =>
  bytes !== undefined && Buffer.from(text).equals(bytes);

function wrongArgument(argv: readonly string[], read: ReadProcess): MitoError | undefined {
  if (!argv.some((word) => word.includes(REPLACED))) return undefined;
  // Before them stand Node.js, its options and the script.
  const given = read('cmdline')?.slice(-argv.length);
  const index = argv.findIndex((word, at) => word.includes(REPLACED) && !isMeant(given?.[at], word));
  const wrong = argv[index];
  if (wrong === undefined) return undefined;
  const before = argv[index - 1] ?? '';
  const shown = hasSecret(argv.join(' ')) ? '' : ` "${escapedText(given?.[index] ?? Buffer.from(wrong))}"`;
  const after = /^--?[a-z]/.test(before) ? ` (after ${before})` : '';
  const message = `argument ${index + 1}${shown}${after} is not UTF-8. ${RULE} ${REMEDY}`;
  return new MitoError('invalid', 'invalid_request', message, { details: { argument: index + 1 } });
}

function wrongVariable(env: Given['env'], read: ReadProcess): MitoError | undefined {
  const isOurs = (name: string): boolean => name.startsWith('MITO_') || FOLDERS.has(name);
  const doubtful = Object.entries(env).filter(([name, value]) => isOurs(name) && value?.includes(REPLACED));
  if (doubtful.length === 0) return undefined;
  const given = read('environ') ?? [];
  const wrong = doubtful.find(([name, value]) => !given.some((entry) => isMeant(entry, `${name}=${value}`)));
  if (wrong === undefined) return undefined;
  const [name] = wrong;
  const what = name === 'PWD' ? 'the name of the current folder (PWD)' : `the variable ${name}`;
  return new MitoError('invalid', 'invalid_request', `${what} is not UTF-8. ${RULE}`, { details: { field: name } });
}

/**
 * The error that names the argument, or the variable that says a setting, whose bytes were not UTF-8; undefined
 * when all of them were. Node.js gives U+FFFD for such bytes: a different text would be stored without a word.
 */
export function notUtf8({ argv, env }: Given, read: ReadProcess = readProcess): MitoError | undefined {
  return wrongArgument(argv, read) ?? wrongVariable(env, read);
}
