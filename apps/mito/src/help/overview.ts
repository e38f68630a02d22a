import type { CommandEntry } from '../mito-context.js';
import type { Paint } from '../output/paint.js';
import { leadsOn } from './find-command.js';
import { TOPICS } from './topics.js';

/** One line of the overview. */
interface Line {
  readonly path: string;
  readonly category: string;
  readonly description: string;
}

/** What people need on their first days, in the order in which they need it. */
const FIRST: readonly (readonly [heading: string, paths: readonly string[]])[] = [
  ['Start here', ['demo', 'up', 'login', 'run']],
  ['Tasks', ['tasks submit', 'tasks query', 'tasks get', 'tasks logs', 'tasks explain', 'tasks wait', 'tasks cancel']],
  [
    'Experiments and files',
    [
      'apply',
      'jobs progress',
      'jobs results',
      'jobs retry-failed',
      'tasks artifacts download',
      'groups attachments upload',
    ],
  ],
  ['Machines', ['workers enroll', 'worker', 'workers query', 'doctor']],
];

/** The documented commands at or below a path, as they are typed that way; `client` only where it was asked for. */
export function commandsBelow(commands: readonly CommandEntry[], folder: string): Line[] {
  return commands.flatMap(({ paths, about }) => {
    const fitting = paths.filter((candidate) => candidate === folder || leadsOn(candidate, folder));
    const path = fitting.find((candidate) => !candidate.startsWith('client ')) ?? fitting[0];
    return path === undefined || !about ? [] : [{ path, ...about }];
  });
}

function section(heading: string, lines: readonly Line[], width: number, paint: Paint): string {
  const rows = lines.map(({ path, description }) => `  ${paint.cyan(path.padEnd(width))}  ${description}`);
  return [paint.bold(heading), ...rows].join('\n');
}

/** The commands below a path by category, one line each. */
export function overview(commands: readonly CommandEntry[], folder: string, paint: Paint): string {
  const lines = commandsBelow(commands, folder).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const width = Math.max(...lines.map(({ path }) => path.length));
  const categories = [...new Set(lines.map(({ category }) => category))].sort();
  const name = folder === '' ? 'mito' : `mito ${folder}`;
  return [
    `${paint.bold('Usage:')} ${name} <command>`,
    ...categories.map((category) =>
      section(
        category,
        lines.filter((line) => line.category === category),
        width,
        paint,
      ),
    ),
    '"mito <command> --help" describes one command.',
  ].join('\n\n');
}

/** The commands of the first days, and how to find the others. */
export function firstScreen(commands: readonly CommandEntry[], paint: Paint): string {
  const all = commandsBelow(commands, '');
  const find = (path: string): Line[] => all.filter((line) => line.path === path);
  const sections = FIRST.map(([heading, paths]) => [heading, paths.flatMap(find)] as const);
  const width = Math.max(...sections.flatMap(([, lines]) => lines.map(({ path }) => path.length)));
  const folders = [...new Set(all.filter(({ path }) => path.includes(' ')).map(({ path }) => path.split(' ', 1)[0]))];
  return [
    `${paint.bold('Usage:')} mito <command>`,
    ...sections.map(([heading, lines]) => section(heading, lines, width, paint)),
    [
      paint.bold('More help'),
      '  mito <command> --help   describes one command, with its options',
      `  mito help all           lists all ${all.length} commands`,
      `  mito help <part>        those of one part: ${folders.toSorted().join(', ')}`,
      `  mito help <topic>       ${Object.keys(TOPICS).join(', ')}`,
    ].join('\n'),
  ].join('\n\n');
}
