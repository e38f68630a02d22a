import { invalidField, warnSignal } from '@mitosis/domain';
import type { DirectiveLine } from './script-lines.js';
import { slurmDependencies, slurmGpus, slurmSeconds, slurmSize, type SlurmDependency } from './slurm-values.js';

/** What the `#SBATCH` lines of a script say in our words. */
export interface SbatchOptions {
  /** Options of `mito submit`. */
  readonly options: readonly string[];
  readonly dependencies: readonly SlurmDependency[];
  /** What has no effect, and why. */
  readonly ignored: readonly { readonly line: number; readonly option: string; readonly why: string }[];
}

const SHORT: Readonly<Record<string, string>> = {
  J: 'job-name',
  a: 'array',
  t: 'time',
  c: 'cpus-per-task',
  d: 'dependency',
  o: 'output',
  e: 'error',
  n: 'ntasks',
  N: 'nodes',
  p: 'partition',
  A: 'account',
  q: 'qos',
  C: 'constraint',
  D: 'chdir',
  G: 'gpus',
  w: 'nodelist',
  x: 'exclude',
};
/** Options of sbatch that take no value. */
const FLAGS = new Set([
  'exclusive',
  'requeue',
  'no-requeue',
  'hold',
  'verbose',
  'quiet',
  'overcommit',
  'oversubscribe',
  'parsable',
  'wait',
  'contiguous',
  'reboot',
  'test-only',
  'spread-job',
  'use-min-nodes',
  'ignore-pbs',
  'kill-on-invalid-dep',
]);

interface Option {
  readonly line: number;
  /** As it was written. */
  readonly option: string;
  readonly name: string;
  readonly value: string | undefined;
}

function optionsOf({ line, words }: DirectiveLine): Option[] {
  const found: Option[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [, long, inline] = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const [, short = '', attached = ''] = /^-([A-Za-z])(.*)$/s.exec(word) ?? [];
    const name = long ?? SHORT[short] ?? (short === '' ? word : `-${short}`);
    let value = long === undefined ? attached.replace(/^=/, '') || undefined : inline;
    const isTaken = value === undefined && !FLAGS.has(name) && !(words[at + 1] ?? '-').startsWith('-');
    if (isTaken) value = words[(at += 1)];
    found.push({ line, option: word, name, value });
  }
  return found;
}

type Meaning =
  | { readonly options: readonly string[]; readonly why?: string }
  | { readonly dependencies: SlurmDependency[] }
  | { readonly why: string };

const wrong = (why: string): never => {
  throw new SyntaxError(why);
};

/** Of Linux on x86 and ARM. */
const SIGNAL_NUMBERS: Readonly<Record<string, string>> = {
  1: 'HUP',
  2: 'INT',
  3: 'QUIT',
  10: 'USR1',
  12: 'USR2',
  14: 'ALRM',
  15: 'TERM',
  18: 'CONT',
};

const MAIL_TYPES: Readonly<Record<string, readonly string[]>> = {
  NONE: [],
  BEGIN: ['started'],
  END: ['ended'],
  FAIL: ['failed'],
  ALL: ['started', 'ended', 'failed'],
};

function mailType(value: string): Meaning {
  const types = value.toUpperCase().split(',');
  const events = types.flatMap((type) => (Object.hasOwn(MAIL_TYPES, type) ? (MAIL_TYPES[type] ?? []) : []));
  const unknown = types.filter((type) => !Object.hasOwn(MAIL_TYPES, type));
  const why = `nobody is told of ${unknown.join(', ')}; one message tells of the whole job`;
  return {
    options: events.length > 0 ? ['--on', [...new Set(events)].join(',')] : [],
    ...(unknown.length > 0 && { why }),
  };
}

/** What each option that has an equal means. Throws a `SyntaxError` for a value that Slurm would refuse as well. */
const MEANINGS: Readonly<Record<string, (value: string) => Meaning>> = {
  'job-name': (value) => ({ options: ['--name', value] }),
  array: (value) => ({ options: ['--array', value] }),
  time(value) {
    const seconds = slurmSeconds(value);
    if (seconds === undefined) return wrong(`"${value}" is not a time of Slurm`);
    return { options: ['--timeout', seconds === null ? 'none' : `${seconds}s`] };
  },
  'cpus-per-task': (value) => ({ options: ['--cpus', value] }),
  mem(value) {
    if (/^0[KMGT]?$/i.test(value)) return { why: '0 asks for all memory of a machine; use --whole-machine' };
    return { options: ['--mem', slurmSize(value) ?? wrong(`"${value}" is not a size of Slurm`)] };
  },
  gres(value) {
    const gpus = value.split(',').map(slurmGpus);
    const [only] = gpus;
    if (gpus.length === 1 && only !== undefined) return { options: ['--gpus', only] };
    return { why: 'only one kind of gpu has an equal here; for anything else use --need NAME=COUNT' };
  },
  gpus(value) {
    const only = slurmGpus(`gpu:${value}`);
    return only === undefined ? { why: 'only one kind of gpu has an equal here' } : { options: ['--gpus', only] };
  },
  dependency(value) {
    const found = slurmDependencies(value);
    // To start it without what it waits for would be another task.
    return typeof found === 'string' ? wrong(found) : { dependencies: found };
  },
  /** Without a time it is a minute before the end. Source: sbatch(1), --signal. */
  signal(value) {
    const [, signal = '', seconds = '60'] = /^(?:[RB]{1,2}:)?(\w+)(?:@(\d+))?$/.exec(value) ?? [];
    const name = warnSignal(SIGNAL_NUMBERS[signal] ?? signal);
    if (name === undefined) return { why: `"${value}" is not a signal for a warning; see --warn-before` };
    return { options: ['--warn-before', `${seconds}s:${name.slice('SIG'.length)}`] };
  },
  output: () => ({
    options: ['--terminal'],
    why: 'the output is kept as the artifact std-log; "mito tasks logs" shows it',
  }),
  'mail-type': mailType,
  'mail-user': (value) => ({ options: ['--notify', value] }),
};

/** What options without a value mean. */
const FLAG_MEANINGS: Readonly<Record<string, Meaning>> = {
  requeue: { options: ['--requeue-on', 'lost'] },
  'no-requeue': { why: 'a task whose worker is lost is run again, at most three times' },
};

/**
 * What `#SBATCH` lines say; throws `invalid_request` naming file, line and option for what can't be kept and matters.
 */
export function readSbatch(file: string, lines: readonly DirectiveLine[]): SbatchOptions {
  const result = {
    options: [] as string[],
    dependencies: [] as SlurmDependency[],
    ignored: [] as { line: number; option: string; why: string }[],
  };
  let mailUser: { line: number; option: string } | undefined;
  for (const { line, option, name, value } of lines.flatMap(optionsOf)) {
    const meaningOf = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined;
    const place = `${file}:${line}: #SBATCH ${option}`;
    if (meaningOf && value === undefined) throw invalidField(place, 'it has no value');
    const flag = Object.hasOwn(FLAG_MEANINGS, name) ? FLAG_MEANINGS[name] : undefined;
    const meaning = flag ?? (meaningOf ? meant(place, () => meaningOf(value ?? '')) : { why: 'it has no equal here' });
    if ('dependencies' in meaning) result.dependencies.push(...meaning.dependencies);
    if ('options' in meaning) result.options.push(...meaning.options);
    if ('why' in meaning && meaning.why !== undefined) result.ignored.push({ line, option, why: meaning.why });
    if (name === 'mail-user') mailUser = { line, option };
  }
  if (mailUser && !result.options.includes('--on')) {
    const at = result.options.indexOf('--notify');
    result.options.splice(at, 2);
    result.ignored.push({ ...mailUser, why: 'as with Slurm nobody is told without --mail-type' });
  }
  return result;
}

function meant(place: string, work: () => Meaning): Meaning {
  try {
    return work();
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidField(place, error.message);
    throw error;
  }
}
