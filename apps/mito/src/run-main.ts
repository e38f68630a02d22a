import { type BaseContext, Builtins, Cli } from 'clipanion';
import { commands } from './commands/index.js';
import { EXIT_USAGE } from './output/exit-codes.js';

export type MitoContext = Pick<BaseContext, 'env' | 'stdin' | 'stdout' | 'stderr'>;

const VERSION = '0.1.0';

function createCli(): Cli<BaseContext> {
  const cli = new Cli({ binaryLabel: 'Mitosis', binaryName: 'mito', binaryVersion: VERSION });
  for (const command of [...commands, Builtins.HelpCommand, Builtins.VersionCommand]) cli.register(command);
  return cli;
}

/** Runs one command line and answers its exit code. What can't be parsed is answered on stderr with 2. */
export async function runMain(argv: string[], context: MitoContext): Promise<number> {
  const cli = createCli();
  // A reader that went away (`mito … | head`) is no error of ours.
  context.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  let command;
  try {
    command = cli.process(argv, context as BaseContext);
  } catch (error) {
    context.stderr.write(cli.error(error, { colored: false }));
    return EXIT_USAGE;
  }
  return cli.run(command, context as BaseContext);
}
