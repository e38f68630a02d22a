import type { CommandModel, OptionModel } from '../help/command-model.js';

/** What a value is, when something can be proposed for it. */
export type ValueKind = 'group' | 'task' | 'worker' | 'state' | 'artifact-kind' | 'role' | 'shell';

/** Looks up values; answers nothing when it can't. */
export type Lookup = (kind: ValueKind, partial: string) => Promise<readonly string[]>;

/** Understood before and after the name of every client command. */
const GLOBAL: readonly OptionModel[] = [
  ...['--coordinator', '--user', '--password-file', '--config', '--credential-path'].map((name) => ({ names: [name], takesValue: true, description: '' })),
  { names: ['--help'], takesValue: false, description: '' },
];

function isBelow(path: readonly string[], words: readonly string[]): boolean {
  return words.every((word, index) => path[index] === word);
}

/** The command that was typed and the words after its name. */
function commandOf(models: readonly CommandModel[], words: readonly string[]): { model: CommandModel; rest: readonly string[]; path: readonly string[] } | undefined {
  const typed = models.flatMap((model) => model.paths.map((path) => ({ model, path, rest: words.slice(path.length) })));
  return typed.filter(({ path }) => isBelow(words, path)).toSorted((a, b) => b.path.length - a.path.length)[0];
}

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

const OPTION_KINDS: Readonly<Record<string, ValueKind>> = { '--group': 'group', '--groups': 'group', '--state': 'state', '--task': 'task', '--after': 'task', '--role': 'role' };

function kindOfPositional(name: string, path: readonly string[]): ValueKind | undefined {
  const plain = name.replace(/[<>[\].]/g, '');
  if (plain === 'uuid') return path.includes('workers') ? 'worker' : 'task';
  const kinds: Readonly<Record<string, ValueKind>> = { task: 'task', worker: 'worker', group: 'group', kind: 'artifact-kind', type: 'artifact-kind', shell: 'shell' };
  return kinds[plain];
}

function positionalAt(model: CommandModel, options: readonly OptionModel[], rest: readonly string[]): string | undefined {
  let position = 0;
  for (let index = 0; index < rest.length; index += 1) {
    const option = options.find(({ names }) => names.includes(rest[index] ?? ''));
    if (option?.takesValue) index += 1;
    else if (!option) position += 1;
  }
  return model.positionals[position] ?? (model.positionals.at(-1) === '...' ? model.positionals.at(-2) : undefined);
}

async function ofCommand(found: NonNullable<ReturnType<typeof commandOf>>, partial: string, lookup: Lookup): Promise<readonly string[]> {
  const { model, rest, path } = found;
  if (rest.includes('--')) return [];
  const options = [...model.options, ...GLOBAL];
  const before = options.find(({ names, takesValue }) => takesValue && names.includes(rest.at(-1) ?? ''));
  if (before) {
    const kind = before.names.map((name) => OPTION_KINDS[name]).find(Boolean);
    return kind ? lookup(kind, partial) : [];
  }
  if (partial.startsWith('-')) return options.map(({ names }) => names.at(-1) ?? '');
  const positional = positionalAt(model, options, rest);
  const kind = positional === undefined ? undefined : kindOfPositional(positional, path);
  return kind ? lookup(kind, partial) : [];
}

/** What may come next after `words`, when `partial` is begun: the next word of a path, an option, a value. */
export async function complete(models: readonly CommandModel[], words: readonly string[], partial: string, lookup: Lookup): Promise<string[]> {
  const typed = withoutLeadingOptions(words);
  const next = models.flatMap(({ paths }) => paths.filter((path) => path.length > typed.length && isBelow(path, typed)).map((path) => path[typed.length] ?? ''));
  const found = commandOf(models, typed);
  const more = found ? await ofCommand(found, partial, lookup) : [];
  const all = [...(partial.startsWith('-') ? [] : next), ...more];
  return [...new Set(all)].filter((candidate) => candidate.startsWith(partial)).sort();
}
