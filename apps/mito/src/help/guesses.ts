import type { CommandEntry } from '../mito-context.js';

/** One word for listing is as good as another. */
const LISTING = ['query', 'list', 'ls'];

/** What people from other tools type first, and what it is here. Each of these only looks, or names what it touches. */
const SHORT: Readonly<Record<string, string>> = {
  ps: 'tasks query',
  ls: 'tasks query',
  list: 'tasks query',
  query: 'tasks query',
  status: 'tasks query',
  logs: 'tasks logs',
  cancel: 'tasks cancel',
  wait: 'tasks wait',
  get: 'tasks get',
  explain: 'tasks explain',
  attach: 'tasks attach',
  results: 'jobs results',
};

/** Words of Slurm, docker, git and kubectl that mean something else there: they are suggested, not run. */
const SUGGESTED: Readonly<Record<string, readonly string[]>> = {
  squeue: ['tasks query'],
  queue: ['tasks query'],
  sacct: ['tasks query', 'jobs list'],
  sbatch: ['tasks submit'],
  srun: ['run'],
  salloc: ['run'],
  scancel: ['tasks cancel', 'jobs cancel'],
  sinfo: ['workers query'],
  scontrol: ['tasks get', 'tasks change'],
  qsub: ['tasks submit'],
  qstat: ['tasks query'],
  qdel: ['tasks cancel'],
  bsub: ['tasks submit'],
  bjobs: ['tasks query'],
  exec: ['tasks exec'],
  'port-forward': ['tasks forward'],
  inspect: ['tasks get'],
  describe: ['tasks get', 'tasks explain'],
  show: ['tasks get'],
  log: ['tasks logs'],
  top: ['metrics', 'tasks query'],
  stats: ['metrics'],
  nodes: ['workers query'],
  kill: ['tasks cancel', 'jobs cancel'],
  stop: ['tasks cancel', 'workers stop'],
  down: ['workers stop', 'manager stop'],
  rm: ['tasks cancel', 'groups attachments delete'],
  delete: ['tasks cancel', 'groups attachments delete'],
  upload: ['groups attachments upload'],
  download: ['tasks artifacts download', 'groups attachments download'],
  cp: ['tasks download', 'groups attachments upload', 'tasks artifacts download'],
  whoami: ['auth'],
  info: ['auth', 'doctor'],
  history: ['tasks query', 'jobs list'],
  retry: ['jobs retry-failed'],
};

const HELP: ReadonlySet<string> = new Set(['-h', '--help']);
/** A UUID, or `@`. */
const TASK = /^(?:@|[0-9a-f]{8}-)/i;

/** These start a process or a service. A guess at something else must not end in one. */
const STARTERS = new Set(['up', 'demo', 'worker', 'coordinator', 'manager spawn', 'manager restart']);

function isPath(commands: readonly CommandEntry[], path: string): boolean {
  return commands.some(({ paths }) => paths.some((known) => known === path || known.startsWith(`${path} `)));
}

/** `tasks ls` lists the files of the task that it names, and tasks when it names none. */
function isListOfTasks(words: readonly string[]): boolean {
  const [folder, ls, next, ...rest] = words;
  if (folder !== 'tasks' || ls !== 'ls') return false;
  return next === undefined || (next.startsWith('-') && !HELP.has(next) && !rest.some((word) => TASK.test(word)));
}

function listingOf(commands: readonly CommandEntry[], words: readonly string[]): string[] | undefined {
  if (isListOfTasks(words)) return ['tasks', 'query', ...words.slice(2)];
  const at = words.findIndex((word, index) => index > 0 && LISTING.includes(word));
  if (at < 0 || words.slice(0, at).some((word) => !/^[a-z]+$/.test(word))) return undefined;
  const folder = words.slice(0, at).join(' ');
  if (isPath(commands, [folder, words[at]].join(' '))) return undefined;
  if (folder === 'manager') return ['manager', 'status', ...words.slice(at + 1)];
  const known = [folder, `admin ${folder}`].flatMap((place) => LISTING.map((word) => `${place} ${word}`));
  const path = known.find((candidate) => isPath(commands, candidate));
  return path === undefined ? undefined : [...path.split(' '), ...words.slice(at + 1)];
}

/** The words of a command that there is, instead of a usual guess at it (`ps`, `workers list`); others as they are. */
export function expandGuess(commands: readonly CommandEntry[], words: readonly string[]): readonly string[] {
  const [client, rest] = words[0] === 'client' ? [['client'], words.slice(1)] : [[], words];
  const [first = ''] = rest;
  const short = Object.hasOwn(SHORT, first) && !isPath(commands, first) ? SHORT[first] : undefined;
  const expanded = short === undefined ? listingOf(commands, rest) : [...short.split(' '), ...rest.slice(1)];
  return expanded === undefined ? words : [...client, ...expanded];
}

/** Our commands for the words of other tools. */
export function suggestedFor([first = '']: readonly string[]): readonly string[] {
  return Object.hasOwn(SUGGESTED, first) ? (SUGGESTED[first] ?? []) : [];
}

/**
 * False for a command that starts something, unless what was typed is that name with one slip in it: whoever
 * types `ps` or `workers list` wants to look.
 */
export function mayBeMeant(path: string, typed: readonly string[]): boolean {
  if (!STARTERS.has(path.replace(/^client /, ''))) return true;
  const word = typed.slice(0, path.split(' ').length).join(' ');
  return path.length >= 4 && hasOneSlip(word, path) && !path.startsWith(word) && !word.startsWith(path);
}

/** Two neighbours in the other order, or one letter missing, added or wrong. */
function hasOneSlip(from: string, to: string): boolean {
  const [short, long] = from.length <= to.length ? [from, to] : [to, from];
  if (long.length - short.length > 1) return false;
  const at = [...long].findIndex((letter, index) => letter !== short[index]);
  if (at < 0) return false;
  const isMissing = short.slice(at) === long.slice(at + 1);
  const isWrong = short.slice(at + 1) === long.slice(at + 1);
  const isSwapped =
    short.slice(at, at + 2) === [long[at + 1], long[at]].join('') && short.slice(at + 2) === long.slice(at + 2);
  return isMissing || isWrong || isSwapped;
}
