import { createCli } from '../create-cli.js';
import type { CommandEntry } from '../mito-context.js';

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
}

function optionModel({ definition, description }: { definition: string; description?: string }): OptionModel {
  const [names = '', value] = definition.split(' ', 2);
  return { names: names.split(','), takesValue: value !== undefined, description: description ?? '' };
}

/** All that is known of a command; undefined for one that is not documented. */
export async function commandModel({ paths, about, load }: CommandEntry): Promise<CommandModel | undefined> {
  const [definition] = createCli(false, await load()).definitions();
  if (!definition || !about) return undefined;
  const { path, usage, options, details = '', examples = [] } = definition;
  return {
    ...about,
    paths: paths.map((typed) => typed.split(' ')),
    details: details.trim(),
    examples: examples.map(([label, command]) => [label.trim(), command] as const),
    positionals: usage
      .slice(path.length)
      .split(' ')
      .filter((word) => /^[<[]?[a-z.]/.test(word) && !word.startsWith('[-')),
    options: options.map(optionModel),
  };
}
