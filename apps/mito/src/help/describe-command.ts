import type { Paint } from '../output/paint.js';
import { wrap } from '../output/text-width.js';
import type { CommandModel, OptionModel } from './command-model.js';

const INDENT = 2;
const GAP = 2;
/** Longer lines are hard to read. */
const COLUMNS_MAX = 100;
/** An option that is longer has its meaning on the next line. */
const NAMES_MAX = 30;

/** `-t, --tags <tags>`: the value is named after the option. */
function namesOf({ names, takesValue }: OptionModel): string {
  const value = takesValue ? ` <${(names.at(-1) ?? '').replace(/^-+/, '')}>` : '';
  return `${names[0]?.startsWith('--') ? '    ' : ''}${names.join(', ')}${value}`;
}

function optionLines(options: readonly OptionModel[], columns: number, paint: Paint): string[] {
  const width = Math.min(Math.max(...options.map((option) => namesOf(option).length)), NAMES_MAX);
  const margin = ' '.repeat(INDENT + width + GAP);
  return options.flatMap((option) => {
    const names = namesOf(option);
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
export function usageLine({ paths: [path = []], positionals, options }: CommandModel): string {
  return ['mito', ...path, ...(options.length > 0 ? ['[options]'] : []), ...positionals].join(' ');
}

/** What `--help` says of a command: how it is typed, what it does, each option, examples; in lines that fit. */
export function describeCommand(
  model: CommandModel,
  { columns = 80, paint }: { columns?: number | undefined; paint: Paint },
): string {
  const { paths, description, details, options, examples } = model;
  const width = Math.min(columns, COLUMNS_MAX);
  const [path = ''] = paths.map((words) => words.join(' '));
  const aliases = paths
    .slice(1)
    .map((words) => words.join(' '))
    .filter((other) => `client ${other}` !== path);
  const sections = [
    [`${paint.bold('Usage:')} ${usageLine(model)}`],
    wrap(`${description[0]?.toUpperCase() ?? ''}${description.slice(1)}.`, width),
    details === '' ? [] : paragraphs(details, width),
    options.length === 0 ? [] : [paint.bold('Options'), ...optionLines(options, width, paint)],
    examples.length === 0
      ? []
      : [
          paint.bold('Examples'),
          ...examples.flatMap(([label, command]) => [`  # ${label}`, `  ${paint.cyan(command)}`]),
        ],
    aliases.length === 0 ? [] : wrap(`Also: ${aliases.map((other) => `mito ${other}`).join(', ')}`, width),
    path.startsWith('client ')
      ? ['"mito client --help" lists the options of all client commands; "client" may be left out.']
      : [],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
