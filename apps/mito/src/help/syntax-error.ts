import type { CommandClass } from 'clipanion';
import type { MitoContext } from '../mito-context.js';
import { entriesBelow } from './overview.js';

interface Candidate {
  readonly usage: string;
  readonly reason: string | null;
}

/** Letters to insert, delete or replace to get from one word to the other (Levenshtein). */
function distance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replace = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replace));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/** Up to three commands that may have been meant, the nearest first. */
export function similarCommands(commands: readonly CommandClass<MitoContext>[], typed: readonly string[]): string[] {
  const all = commands.flatMap(({ paths, usage }) => (usage ? (paths ?? []) : []));
  const near = all.map((path) => {
    const typedPath = typed.slice(0, path.length).join(' ');
    return { path: path.join(' '), far: distance(typedPath, path.join(' ')) };
  });
  const good = near.filter(({ path, far }) => far <= Math.max(2, path.length / 4)).sort((a, b) => a.far - b.far);
  return [...new Set(good.map(({ path }) => path))].slice(0, 3);
}

function unknownCommand(commands: readonly CommandClass<MitoContext>[], input: readonly string[]): string {
  const words = input.filter((word) => !word.startsWith('-'));
  const similar = similarCommands(commands, words);
  const known = words.findLastIndex((_, index) => entriesBelow(commands, words.slice(0, index + 1)).length > 0) + 1;
  const help = ['mito', ...words.slice(0, known), '--help'].join(' ');
  const meant = similar.map((path) => `      did you mean "mito ${path}"?`);
  return [`mito: Command not found: ${words.slice(0, known + 1).join(' ')}`, ...meant, `      "${help}" lists the commands`].join('\n');
}

/** What was wrong with a command line that no command understood. */
export function describeSyntaxError(error: unknown, commands: readonly CommandClass<MitoContext>[]): string {
  if (!(error instanceof Error)) return `mito: ${String(error)}\n`;
  if (!('candidates' in error)) return `mito: ${error.message}\n`;
  const { candidates, input } = error as unknown as { candidates: readonly Candidate[]; input: readonly string[] };
  const near = candidates.filter(({ reason }) => reason !== null && reason !== 'Command not found');
  if (near.length === 0) return `${unknownCommand(commands, input)}\n`;
  const [{ reason }] = near as [Candidate];
  const usages = [...new Set(near.map(({ usage }) => `      usage: ${usage}`))];
  return [`mito: ${reason}`, ...usages.slice(0, 3), '      add --help to see what each option means', ''].join('\n');
}
