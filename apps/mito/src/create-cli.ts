import { Cli, type CommandClass } from 'clipanion';
import type { MitoContext } from './mito-context.js';

/** What a command declares of one option, as far as it matters here. */
interface OptionDeclaration {
  readonly names: readonly string[];
  readonly required?: boolean;
}

interface Builder {
  command(): { addOption(option: OptionDeclaration): void };
}

/**
 * A parser of this command: one of all commands takes long to prepare. With `line`, a parser of this line: it
 * leaves out the options of which no word is one, for each of fifty takes its part of the time too. What such a
 * parser refuses is judged by one with all options, whose message names those that come close.
 */
export function createCli(
  enableColors: boolean,
  command: CommandClass<MitoContext>,
  line?: readonly string[],
): Cli<MitoContext> {
  const cli = new Cli<MitoContext>({ binaryLabel: 'Mitosis', binaryName: 'mito', enableColors });
  if (line) leaveOutOptions((cli as unknown as { readonly builder: Builder }).builder, line);
  cli.register(command);
  return cli;
}

function leaveOutOptions(builder: Builder, line: readonly string[]): void {
  const create = builder.command.bind(builder);
  builder.command = () => {
    const made = create();
    const add = made.addOption.bind(made);
    made.addOption = (option) => {
      if (option.required || option.names.some((name) => line.some((word) => mayName(word, name)))) add(option);
    };
    return made;
  };
}

/** `--tags=gpu` names `--tags`, and `-qf` both `-q` and `-f`. */
function mayName(word: string, option: string): boolean {
  if (option.length === 2) return word.startsWith('-') && word.includes(option.charAt(1));
  return word === option || word.startsWith(`${option}=`);
}
