import type { Cli, Usage } from 'clipanion';

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

interface DeclaredCommand {
  readonly paths?: string[][];
  readonly usage?: Usage;
}

function optionModel({ definition, description }: { definition: string; description?: string }): OptionModel {
  const [names = '', value] = definition.split(' ', 2);
  return { names: names.split(','), takesValue: value !== undefined, description: description ?? '' };
}

/** The models of all commands that are documented. Every class must be registered with `cli`, in this order. */
export function commandModels(cli: Pick<Cli, 'definitions'>, classes: readonly DeclaredCommand[]): CommandModel[] {
  const documented = classes.filter(({ usage }) => usage !== undefined);
  const definitions = cli.definitions();
  return documented.map(({ paths = [], usage }, index) => {
    const { path = '', usage: line = '', options = [], details = '', examples = [] } = definitions[index] ?? {};
    return {
      paths: paths.filter((words) => words.length > 0),
      category: usage?.category ?? 'Other',
      description: usage?.description ?? '',
      details: details.trim(),
      examples: examples.map(([label, command]) => [label.trim(), command] as const),
      positionals: line.slice(path.length).split(' ').filter((word) => /^[<[]?[a-z.]/.test(word) && !word.startsWith('[-')),
      options: options.map(optionModel),
    };
  });
}
