import type { CommandClass } from 'clipanion';
import { createCli } from '../create-cli.js';
import type { CommandEntry, MitoContext } from '../mito-context.js';

export interface OptionModel {
  /** `-g` and `--group`. */
  readonly names: readonly string[];
  readonly takesValue: boolean;
  readonly description: string;
}

/** A command as data: what completion and the reference are made from. */
export interface CommandModel {
  /** Every way to type it; the first one is the full one. */
  readonly paths: readonly (readonly string[])[];
  readonly category: string;
  readonly description: string;
  readonly details: string;
  readonly examples: readonly (readonly [string, string])[];
  /** What follows the options: `<uuid>`, `[kind]`, `...`. */
  readonly positionals: readonly string[];
  readonly options: readonly OptionModel[];
  /** The same as people read it: `[uuid...]`, `-- COMMAND [ARG...]`. */
  readonly operands: readonly string[];
}

function optionModel({ definition, description }: { definition: string; description?: string }): OptionModel {
  const [names = '', value] = definition.split(' ', 2);
  return { names: names.split(','), takesValue: value !== undefined, description: description ?? '' };
}

interface Rest {
  readonly name: string;
  readonly isRequired: boolean;
}

/** What takes the remaining words; the usage line of the parser has only `...` for it. */
function restOf(command: CommandClass<MitoContext>): Rest | undefined {
  let found: Rest | undefined;
  const take = ({ name = '', required = 0 }: { name?: string; required?: number }): void => {
    found = { name, isRequired: required > 0 };
  };
  const ignore = (): void => {};
  const builder = { addOption: ignore, addPositional: ignore, addRest: take, addProxy: take };
  for (const [key, value] of Object.entries(new command()) as [string, { definition?: unknown } | null | undefined][])
    if (typeof value?.definition === 'function') (value.definition as DefineOption)(builder, key);
  return found;
}

type DefineOption = (builder: object, key: string) => void;

function operandsOf(positionals: readonly string[], rest: Rest | undefined): string[] {
  if (rest === undefined || positionals.at(-1) !== '...') return [...positionals];
  // The parser names a rest that must not be empty, and puts dots behind it.
  const before = positionals.slice(0, rest.isRequired ? -2 : -1);
  if (rest.name === 'command') return [...before, '-- COMMAND [ARG...]'];
  return [...before, rest.isRequired ? `${positionals.at(-2) ?? ''}...` : `[${rest.name}...]`];
}

/** All that is known of a command; undefined for one that is not documented. */
export async function commandModel({ paths, about, load }: CommandEntry): Promise<CommandModel | undefined> {
  const command = await load();
  const [definition] = createCli(false, command).definitions();
  if (!definition || !about) return undefined;
  const { path, usage, options, details = '', examples = [] } = definition;
  const positionals = usage
    .slice(path.length)
    .split(' ')
    .filter((word) => /^[<[]?[a-z.]/.test(word) && !word.startsWith('[-'));
  return {
    ...about,
    paths: paths.map((typed) => typed.split(' ')),
    details: details.trim(),
    examples: examples.map(([label, command]) => [label.trim(), command] as const),
    positionals,
    operands: operandsOf(positionals, restOf(command)),
    options: options.map(optionModel),
  };
}
