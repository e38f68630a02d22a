import type { CommandModel, OptionModel } from '../help/command-model.js';
import { findCommand, leadsOn } from '../help/find-command.js';
import type { CommandEntry } from '../mito-context.js';

/** What a value is, when something can be proposed for it. */
export type ValueKind = 'group' | 'task' | 'worker' | 'state' | 'artifact-kind' | 'role' | 'shell';

/** Looks up values; returns nothing when it can't. */
export type Lookup = (kind: ValueKind, partial: string) => Promise<readonly string[]>;

/** Understood before and after the name of every client command. */
const GLOBAL: readonly OptionModel[] = [
  ...['--coordinator', '--user', '--password-file', '--config', '--credential-path'].map((name) => ({
    names: [name],
    takesValue: true,
    description: '',
  })),
  { names: ['--help'], takesValue: false, description: '' },
];

/** Drops options and their values from the front: `client -c URL tasks` is at `client tasks`. */
function withoutLeadingOptions(words: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const isPrefix = kept.length === 0 || (kept.length === 1 && kept[0] === 'client');
    if (!isPrefix || !word.startsWith('-')) kept.push(word);
    else if (/^(-[cup]|--(coordinator|user|password|password-file|config|credential-path))$/.test(word)) index += 1;
  }
  return kept;
}

const OPTION_KINDS: Readonly<Record<string, ValueKind>> = {
  '--group': 'group',
  '--groups': 'group',
  '--state': 'state',
  '--task': 'task',
  '--after': 'task',
  '--role': 'role',
};

function kindOfPositional(name: string, path: readonly string[]): ValueKind | undefined {
  const plain = name.replace(/[<>[\].]/g, '');
  if (plain === 'uuid') return path.includes('workers') ? 'worker' : 'task';
  const kinds: Readonly<Record<string, ValueKind>> = {
    task: 'task',
    worker: 'worker',
    group: 'group',
    kind: 'artifact-kind',
    type: 'artifact-kind',
    shell: 'shell',
  };
  return kinds[plain];
}

function positionalAt(
  model: CommandModel,
  options: readonly OptionModel[],
  rest: readonly string[],
): string | undefined {
  let position = 0;
  for (let index = 0; index < rest.length; index += 1) {
    const option = options.find(({ names }) => names.includes(rest[index] ?? ''));
    if (option?.takesValue) index += 1;
    else if (!option) position += 1;
  }
  return model.positionals[position] ?? (model.positionals.at(-1) === '...' ? model.positionals.at(-2) : undefined);
}

/** What may stand behind a command, after `rest` of its words. */
async function behind(
  model: CommandModel,
  { rest, path }: { rest: readonly string[]; path: string },
  partial: string,
  lookup: Lookup,
): Promise<readonly string[]> {
  if (rest.includes('--')) return [];
  const options = [...model.options, ...GLOBAL];
  const before = options.find(({ names, takesValue }) => takesValue && names.includes(rest.at(-1) ?? ''));
  if (before) {
    const kind = before.names.map((name) => OPTION_KINDS[name]).find(Boolean);
    return kind ? lookup(kind, partial) : [];
  }
  if (partial.startsWith('-')) return options.map(({ names }) => names.at(-1) ?? '');
  const positional = positionalAt(model, options, rest);
  const kind = positional === undefined ? undefined : kindOfPositional(positional, path.split(' '));
  return kind ? lookup(kind, partial) : [];
}

async function ofCommand(
  commands: readonly CommandEntry[],
  typed: readonly string[],
  partial: string,
  lookup: Lookup,
): Promise<readonly string[]> {
  const found = findCommand(commands, typed);
  const model = found && (await (await import('../help/command-model.js')).commandModel(found.entry));
  return found && model
    ? behind(model, { rest: typed.slice(found.path.split(' ').length), path: found.path }, partial, lookup)
    : [];
}

/** What may come next after `words`, when `partial` is begun: the next word of a path, an option, a value. */
export async function complete(
  commands: readonly CommandEntry[],
  words: readonly string[],
  partial: string,
  lookup: Lookup,
): Promise<string[]> {
  const typed = withoutLeadingOptions(words);
  const paths = commands
    .flatMap((command) => (command.about ? command.paths : []))
    .filter((path) => leadsOn(path, typed.join(' ')));
  const next = partial.startsWith('-') ? [] : paths.map((path) => path.split(' ')[typed.length] ?? '');
  const all = [...next, ...(await ofCommand(commands, typed, partial, lookup))];
  return [...new Set(all)].filter((candidate) => candidate.startsWith(partial)).sort();
}
