import { editDistance } from '@mitosis/domain';
import type { CommandEntry } from '../mito-context.js';
import { mayBeMeant, suggestedFor } from './guesses.js';
import { commandsBelow } from './overview.js';

interface Candidate {
  readonly reason: string | null;
}

/** Up to three commands that may have been meant, the nearest first; none that starts something instead of looking. */
export function similarCommands(commands: readonly CommandEntry[], typed: readonly string[]): string[] {
  const all = commands.flatMap(({ paths, about }) => (about ? paths : []));
  const known = suggestedFor(typed[0] === 'client' ? typed.slice(1) : typed);
  if (known.length > 0) return [...known];
  const near = all.map((path) => ({ path, far: editDistance(typed.slice(0, path.split(' ').length).join(' '), path) }));
  const good = near
    .filter(
      ({ path, far }) => far <= Math.max(Math.min(2, path.length / 3), path.length / 4) && mayBeMeant(path, typed),
    )
    .sort((a, b) => a.far - b.far);
  return [...new Set(good.map(({ path }) => path))].slice(0, 3);
}

/** Suggests commands for words that name none. */
export function describeUnknownCommand(commands: readonly CommandEntry[], words: readonly string[]): string {
  const known =
    words.findLastIndex((_, index) => commandsBelow(commands, words.slice(0, index + 1).join(' ')).length > 0) + 1;
  const help = ['mito', ...words.slice(0, known), '--help'].join(' ');
  const meant = similarCommands(commands, words).map((path) => `      did you mean "mito ${path}"?`);
  return [
    `mito: Command not found: ${words.slice(0, known + 1).join(' ')}`,
    ...meant,
    `      "${help}" lists the commands`,
    '',
  ].join('\n');
}

/** What was wrong with a command line that its command did not understand; `usage` is how it is typed. */
export function describeSyntaxError(error: unknown, usage: string | undefined): string {
  const { candidates = [] } = error as { candidates?: readonly Candidate[] };
  const reason =
    candidates.find((candidate) => candidate.reason !== null)?.reason ??
    (error instanceof Error ? error.message : String(error));
  return [
    `mito: ${reason}`,
    ...(usage === undefined ? [] : [`      usage: ${usage}`]),
    '      add --help to see what each option means',
    '',
  ].join('\n');
}
