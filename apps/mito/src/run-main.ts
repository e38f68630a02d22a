import type { Writable } from 'node:stream';
import type { Cli, Command } from 'clipanion';
import { VERSION, type MitoError } from '@mitosis/domain';
import { COMMANDS } from './command-index.js';
import { moveGlobalOptions } from './global-options.js';
import { findCommand, leadsOn } from './help/find-command.js';
import { expandGuess } from './help/guesses.js';
import { commandsBelow, firstScreen, overview } from './help/overview.js';
import { describeTopic } from './help/topics.js';
import { spreadLists } from './list-words.js';
import type { CommandEntry, MitoContext, Program } from './mito-context.js';
import { EXIT_OK, EXIT_USAGE } from './output/exit-codes.js';
import { paintFor, type Paint } from './output/paint.js';
import { reportError } from './output/report-error.js';
import { jsonLine, say, useLocale } from './output/say.js';
import { watchOutput } from './output/write-out.js';

const HELP = new Set(['-h', '--help']);

const isFolder = (path: string): boolean => COMMANDS.some(({ paths }) => paths.some((longer) => leadsOn(longer, path)));

/** The path that leads to several commands, when that is all that was typed (but for a wish for help). */
function askedFolder(argv: readonly string[]): { readonly folder: string; readonly isHelp: boolean } | undefined {
  const isHelp = argv[0] === 'help' || HELP.has(argv.at(-1) ?? '');
  const folder = (argv[0] === 'help' ? argv.slice(1) : argv.filter((word) => !HELP.has(word))).join(' ');
  if (!isHelp && isService(folder)) return undefined;
  return isFolder(folder) && commandsBelow(COMMANDS, folder).length > 0 ? { folder, isHelp } : undefined;
}

/** `mito worker` starts one, though there is `mito worker detect` as well. */
function isService(folder: string): boolean {
  return COMMANDS.some(({ paths, about }) => paths.includes(folder) && about?.category === 'Services');
}

/**
 * The command that a line is meant for. A folder that is a command
 * as well (`client -i`) is one only with an option behind it.
 */
function meantCommand(words: readonly string[]): CommandEntry | undefined {
  const found = findCommand(COMMANDS, words);
  const next = words[found?.path.split(' ').length ?? 0];
  const isElsewhere = found && isFolder(found.path) && next !== undefined && !next.startsWith('-');
  return isElsewhere ? undefined : found?.entry;
}

async function showFolder(folder: string, isHelp: boolean, { stdout, stderr, env }: MitoContext): Promise<number> {
  const stream = isHelp ? stdout : stderr;
  const paint = paintFor(stream, env);
  const text = folder === '' ? firstScreen(COMMANDS, paint) : overview(COMMANDS, folder, paint);
  say(stream, `${text}\n`);
  const own = COMMANDS.find(({ paths }) => paths.includes(folder));
  if (own) say(stream, `\n${await commandHelp(own, stream, paint)}`);
  return isHelp ? EXIT_OK : EXIT_USAGE;
}

async function commandHelp(
  entry: CommandEntry,
  stream: Writable & { readonly columns?: number },
  paint: Paint,
): Promise<string> {
  const { commandModel } = await import('./help/command-model.js');
  const { describeCommand } = await import('./help/describe-command.js');
  const model = await commandModel(entry);
  return model ? describeCommand(model, { columns: stream.columns, paint }) : '';
}

/** True when what stands before "--" asks for help. */
function asksForHelp(line: readonly string[]): boolean {
  const own = line.includes('--') ? line.slice(0, line.indexOf('--')) : line;
  return own.some((word) => HELP.has(word));
}

/** The line with the command that is meant, where a usual guess at it was typed. */
function withoutGuess(argv: readonly string[]): readonly string[] {
  const [help, line] = argv[0] === 'help' ? [['help'], argv.slice(1)] : [[], moveGlobalOptions(argv)];
  const at = Math.max(
    line.findIndex((word) => !word.startsWith('-')),
    0,
  );
  const words = line.slice(at);
  const meant = expandGuess(COMMANDS, words);
  return meant === words ? argv : [...help, ...line.slice(0, at), ...meant];
}

/** `--retries -1`: the parser takes the value for an option, and says that there is none. */
function withNegatives(line: readonly string[]): string[] {
  const end = line.includes('--') ? line.indexOf('--') : line.length;
  const joined: string[] = [];
  for (const [index, word] of line.entries()) {
    const before = joined.at(-1) ?? '';
    const isValue = index < end && /^-\.?\d/.test(word) && /^--?[a-z][a-z-]*$/.test(before);
    if (isValue) joined[joined.length - 1] = `${before}=${word}`;
    else joined.push(word);
  }
  return joined;
}

type Parsed = { readonly command: Command<MitoContext> } | { readonly error: unknown };

function parseLine(cli: Cli<MitoContext>, line: readonly string[], context: MitoContext): Parsed {
  const lines = [[...line], withNegatives(line)];
  const tries = lines.map((words): Parsed => {
    try {
      return { command: cli.process(words, context) };
    } catch (error) {
      return { error };
    }
  });
  return tries.find((parsed) => 'command' in parsed) ?? (tries[0] as Parsed);
}

/** Commands whose options take lists as those of the original do. */
const TAKE_LISTS = /^(?:client )?(?:tasks submit|tasks change|submit|run)$/;

/** What stands behind a script is for the script. */
async function splitScript(meant: CommandEntry, line: readonly string[]): Promise<readonly string[]> {
  if (!meant.paths.includes('submit')) return line;
  const { commandModel } = await import('./help/command-model.js');
  const { endOptionsAtScript } = await import('./script-words.js');
  return endOptionsAtScript(line, (await commandModel(meant))?.options ?? []);
}

/** Runs one command line and returns its exit code. What can't be parsed is answered on stderr with 2. */
export async function runCommandLine(
  enableColors: boolean,
  typed: readonly string[],
  context: MitoContext,
): Promise<number> {
  const argv = withoutGuess(typed);
  if (argv[0] === 'help' && argv.length === 2) {
    const topic = describeTopic(argv[1] ?? '');
    const text = argv[1] === 'all' ? `${overview(COMMANDS, '', paintFor(context.stdout, context.env))}\n` : topic;
    if (text !== undefined) {
      say(context.stdout, text);
      return EXIT_OK;
    }
  }
  const asked = askedFolder(argv);
  if (asked) return showFolder(asked.folder, asked.isHelp, context);
  const given = argv[0] === 'help' ? [...argv.slice(1), '--help'] : moveGlobalOptions(argv);
  const words = given.slice(
    Math.max(
      given.findIndex((word) => !word.startsWith('-')),
      0,
    ),
  );
  const meant = meantCommand(words);
  if (!meant) {
    const { describeUnknownCommand } = await import('./help/syntax-error.js');
    say(context.stderr, describeUnknownCommand(COMMANDS, words));
    return EXIT_USAGE;
  }
  const line = meant.paths.some((path) => TAKE_LISTS.test(path)) ? spreadLists(await splitScript(meant, given)) : given;
  if (asksForHelp(line)) {
    say(context.stdout, await commandHelp(meant, context.stdout, paintFor(context.stdout, context.env)));
    return EXIT_OK;
  }
  const { createCli } = await import('./create-cli.js');
  const command = await meant.load();
  const short = createCli(enableColors, command, line);
  const tried = parseLine(short, line, context);
  const cli = 'error' in tried ? createCli(enableColors, command) : short;
  const parsed = 'error' in tried ? parseLine(cli, line, context) : tried;
  if ('error' in parsed) {
    const { describeSyntaxError } = await import('./help/syntax-error.js');
    const { usageLine } = await import('./help/describe-command.js');
    const { commandModel } = await import('./help/command-model.js');
    const model = await commandModel(meant);
    say(context.stderr, describeSyntaxError(parsed.error, model && usageLine(model)));
    return EXIT_USAGE;
  }
  return cli.run(parsed.command, context);
}

/** The error about what was given in other bytes than UTF-8: Node.js has put U+FFFD in their place. */
async function refuseBytes(argv: readonly string[], env: MitoContext['env']): Promise<MitoError | undefined> {
  if (![...argv, ...Object.values(env)].some((text) => text?.includes('\ufffd'))) return undefined;
  const { notUtf8 } = await import('./given-text.js');
  return notUtf8({ argv, env });
}

/** The whole of a process that was started with these arguments. */
export async function runMain(argv: readonly string[], context: MitoContext): Promise<number> {
  watchOutput(context.stdout, (error) => process.exit(reportError(error, { stderr: context.stderr, isJson: false })));
  // Of what can't be said nobody hears.
  watchOutput(context.stderr, () => {});
  useLocale(context.env);
  const isJson = argv.includes('--json');
  const refusal = await refuseBytes(argv, context.env);
  if (refusal) return reportError(refusal, { stderr: context.stderr, isJson });
  const [asked, ...more] = argv.filter((word) => word !== '--json');
  if (more.length === 0 && ['--version', '-v', '-V'].includes(asked ?? '')) {
    say(context.stdout, `${isJson ? jsonLine({ version: VERSION }) : VERSION}\n`);
    return EXIT_OK;
  }
  const { isColorSupported } = paintFor(context.stdout, context.env);
  const program: Program = {
    commands: COMMANDS,
    execute: (words, changes) => runCommandLine(isColorSupported, words, { ...context, program, ...changes }),
  };
  return program.execute(argv, {});
}
