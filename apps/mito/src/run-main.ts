import { Builtins, Cli, type CommandClass } from 'clipanion';
import { ClientCommand } from './commands/client.js';
import { commands } from './commands/index.js';
import { moveGlobalOptions } from './global-options.js';
import { commandModels } from './help/command-model.js';
import { entriesBelow, overview } from './help/overview.js';
import { describeSyntaxError } from './help/syntax-error.js';
import type { MitoContext, Program } from './mito-context.js';
import { EXIT_OK, EXIT_USAGE } from './output/exit-codes.js';
import { paintFor } from './output/paint.js';

const VERSION = '0.1.0';
/** A folder of commands that is a command as well: with -i. */
const CLIENT = 'client';
const HELP = new Set(['-h', '--help']);

/** A parser of these commands. */
export function createCli(enableColors: boolean, known: readonly CommandClass<MitoContext>[] = commands): Cli<MitoContext> {
  const cli = new Cli<MitoContext>({ binaryLabel: 'Mitosis', binaryName: 'mito', binaryVersion: VERSION, enableColors });
  for (const command of [...known, Builtins.VersionCommand]) cli.register(command);
  return cli;
}

/** The commands that a line may be meant for: the parser takes long to prepare for all of them. All, when it is none of them. */
function commandsFor(argv: readonly string[]): readonly CommandClass<MitoContext>[] {
  const [first, second] = argv.slice(Math.max(argv.findIndex((word) => !word.startsWith('-')), 0));
  const near = commands.filter(({ paths }) => paths?.some((path) => path[0] === first && (path.length === 1 || path[1] === second)));
  return near.length === 0 ? commands : near;
}

/** The words of a path that leads to several commands, when that is all that was typed (but for a wish for help). */
function askedFolder(argv: readonly string[]): { readonly words: readonly string[]; readonly isHelp: boolean } | undefined {
  const isHelp = argv[0] === 'help' || HELP.has(argv.at(-1) ?? '');
  const words = argv[0] === 'help' ? argv.slice(1) : argv.filter((word) => !HELP.has(word));
  const isCommand = commands.some(({ paths }) => paths?.some((path) => path.length > 0 && path.join(' ') === words.join(' ')));
  const isLeaf = isCommand && words.join(' ') !== CLIENT;
  return isLeaf || entriesBelow(commands, words).length === 0 ? undefined : { words, isHelp };
}

/** Runs one command line and answers its exit code. What can't be parsed is answered on stderr with 2. */
export async function runCommandLine(enableColors: boolean, argv: readonly string[], context: MitoContext): Promise<number> {
  const folder = askedFolder(argv);
  if (folder) {
    const stream = folder.isHelp ? context.stdout : context.stderr;
    stream.write(`${overview(commands, folder.words, paintFor(stream, context.env))}\n`);
    if (folder.words.join(' ') === CLIENT) stream.write(`\n${createCli(enableColors, [ClientCommand]).usage(ClientCommand, { detailed: true })}`);
    return folder.isHelp ? EXIT_OK : EXIT_USAGE;
  }
  let cli;
  let command;
  try {
    const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : moveGlobalOptions(argv);
    cli = createCli(enableColors, commandsFor(words));
    command = cli.process(words, context);
  } catch (error) {
    context.stderr.write(describeSyntaxError(error, commands));
    return EXIT_USAGE;
  }
  return cli.run(command, context);
}

/** The whole of a process that was started with these arguments. */
export async function runMain(argv: readonly string[], context: MitoContext): Promise<number> {
  // A reader that went away (`mito … | head`) is no error of ours.
  context.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const { isColorSupported } = paintFor(context.stdout, context.env);
  const program: Program = {
    models: () => commandModels(createCli(false), commands),
    execute: (words, changes) => runCommandLine(isColorSupported, words, { ...context, program, ...changes }),
  };
  return program.execute(argv, {});
}
