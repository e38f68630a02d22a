import type { Paint } from '../output/paint.js';
import { wrap } from '../output/text-width.js';
import type { CommandModel, OptionModel } from './command-model.js';
import { optionSections, optionSyntax } from './options.js';

const INDENT = 2;
const GAP = 2;
/** Longer lines are hard to read. */
const COLUMNS_MAX = 100;
/** An option that is longer has its meaning on the next line. */
const NAMES_MAX = 30;

function optionLines(options: readonly OptionModel[], columns: number, paint: Paint): string[] {
  const width = Math.min(Math.max(...options.map((option) => optionSyntax(option).length)), NAMES_MAX);
  const margin = ' '.repeat(INDENT + width + GAP);
  return options.flatMap((option) => {
    const names = optionSyntax(option);
    const [first = '', ...more] = wrap(option.description, columns - margin.length);
    const head = `${' '.repeat(INDENT)}${paint.cyan(names)}`;
    const isLong = names.length > width;
    return [
      ...(isLong ? [head, margin + first] : [`${head}${' '.repeat(width + GAP - names.length)}${first}`.trimEnd()]),
      ...more.map((line) => margin + line),
    ];
  });
}

function paragraphs(details: string, columns: number): string[] {
  const texts = details.split(/\n\s*\n/).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  return texts.flatMap((text, index) => [...(index > 0 ? [''] : []), ...wrap(text, columns)]);
}

/** How a command is typed, in short. */
export function usageLine(model: CommandModel): string {
  const path = shortPath(model);
  return ['mito', path, ...(model.options.length > 0 ? ['[options]'] : []), ...model.operands].join(' ');
}

/** The path as people type it: without `client`, which may be left out. */
function shortPath({ paths }: CommandModel): string {
  const [first = '', ...others] = paths.map((words) => words.join(' '));
  return others.find((other) => `client ${other}` === first) ?? first;
}

/** What `--help` says of a command: how it is typed, what it does, each option, examples; in lines that fit. */
export function describeCommand(
  model: CommandModel,
  { columns = 80, paint }: { columns?: number | undefined; paint: Paint },
): string {
  const { paths, description, details, options, examples } = model;
  const width = Math.min(columns, COLUMNS_MAX);
  const path = shortPath(model);
  const aliases = paths.map((words) => words.join(' ')).filter((other) => other !== path && other !== `client ${path}`);
  const optionList = optionSections(options).flatMap(([heading, own], index) => [
    ...(index > 0 ? [''] : []),
    paint.bold(heading),
    ...optionLines(own, width, paint),
  ]);
  const sections = [
    [`${paint.bold('Usage:')} ${usageLine(model)}`],
    wrap(`${description[0]?.toUpperCase() ?? ''}${description.slice(1)}.`, width),
    details === '' ? [] : paragraphs(details, width),
    optionList,
    examples.length === 0
      ? []
      : [
          paint.bold('Examples'),
          ...examples.flatMap(([label, command]) => [`  # ${label}`, `  ${paint.cyan(command)}`]),
        ],
    aliases.length === 0 ? [] : wrap(`Also: ${aliases.map((other) => `mito ${other}`).join(', ')}`, width),
    paths[0]?.[0] === 'client' ? ['"mito help connection": the options that choose coordinator and login'] : [],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
