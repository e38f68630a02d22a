import type { CommandEntry } from '../mito-context.js';
import type { Paint } from '../output/paint.js';
import { leadsOn } from './find-command.js';

/** One line of the overview. */
interface Line {
  readonly path: string;
  readonly category: string;
  readonly description: string;
}

/** The documented commands at or below a path, as they are typed that way. */
export function commandsBelow(commands: readonly CommandEntry[], folder: string): Line[] {
  return commands.flatMap(({ paths, about }) => {
    const path = paths.find((candidate) => candidate === folder || leadsOn(candidate, folder));
    return path === undefined || !about ? [] : [{ path, ...about }];
  });
}

/** The commands below a path by category, one line each. */
export function overview(commands: readonly CommandEntry[], folder: string, paint: Paint): string {
  const lines = commandsBelow(commands, folder).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const width = Math.max(...lines.map(({ path }) => path.length));
  const categories = [...new Set(lines.map(({ category }) => category))].sort();
  const sections = categories.map((category) => {
    const own = lines.filter((line) => line.category === category);
    return [
      paint.bold(category),
      ...own.map(({ path, description }) => `  ${paint.cyan(path.padEnd(width))}  ${description}`),
    ].join('\n');
  });
  const name = folder === '' ? 'mito' : `mito ${folder}`;
  return [
    `${paint.bold('Usage:')} ${name} <command>`,
    ...sections,
    `"mito <command> --help" describes one command; "client" may be left out.`,
  ].join('\n\n');
}
