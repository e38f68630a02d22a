import type { CommandClass } from 'clipanion';
import type { MitoContext } from '../mito-context.js';
import type { Paint } from '../output/paint.js';

/** One line of the overview. */
interface Entry {
  readonly path: string;
  readonly category: string;
  readonly description: string;
}

const startsWith = (path: readonly string[], words: readonly string[]): boolean => words.every((word, index) => path[index] === word);

/** The commands whose path begins with `words`, as they are typed that way. */
export function entriesBelow(commands: readonly CommandClass<MitoContext>[], words: readonly string[]): Entry[] {
  return commands.flatMap(({ paths, usage }) => {
    const path = paths?.find((candidate) => candidate.length > 0 && startsWith(candidate, words));
    if (!path || !usage) return [];
    return [{ path: path.join(' '), category: usage.category ?? 'Other', description: usage.description ?? '' }];
  });
}

/** The commands below `words` by category, one line each. */
export function overview(commands: readonly CommandClass<MitoContext>[], words: readonly string[], paint: Paint): string {
  const entries = entriesBelow(commands, words).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const width = Math.max(...entries.map(({ path }) => path.length));
  const categories = [...new Set(entries.map(({ category }) => category))].sort();
  const sections = categories.map((category) => {
    const own = entries.filter((entry) => entry.category === category);
    return [paint.bold(category), ...own.map(({ path, description }) => `  ${paint.cyan(path.padEnd(width))}  ${description}`)].join('\n');
  });
  const name = ['mito', ...words].join(' ');
  return [`${paint.bold('Usage:')} ${name} <command>`, ...sections, `"mito <command> --help" describes one command; "client" may be left out.`].join('\n\n');
}
