import {
  assertSweepSize,
  combineParams,
  invalidField,
  parseShellTemplate,
  parseTemplate,
  type Params,
  type ParamSource,
  type Template,
} from '@mitosis/domain';
import type { SubmitTaskInput } from '@mitosis/protocol';

/** What one task of a sweep has that the others have not. */
export interface Variation {
  readonly params: Params;
  readonly arrayIndex?: number;
}

/** Every combination of the rows of all sources and the indices, these changing fastest. */
export function combineVariations(
  sources: readonly ParamSource[],
  array?: { readonly field: string; readonly indices: readonly number[] },
): Variation[] {
  const rows = combineParams(sources);
  if (array === undefined) return rows.map((params) => ({ params }));
  if (rows.some((params) => Object.hasOwn(params, 'index')))
    throw invalidField(array.field, 'its {index} is the name of a parameter, too');
  assertSweepSize(rows.length * array.indices.length, array.field);
  return rows.flatMap((params) => array.indices.map((arrayIndex) => ({ params, arrayIndex })));
}

const SHELL = /^(?:.*\/)?(?:r?bash|sh|dash|ash|ksh\d*|mksh|pdksh|yash|posh|zsh)$/;
/** Options of shells whose value is the next argument: `-o pipefail`, `-eo pipefail`, `--rcfile FILE`. */
const WITH_VALUE = /^(?:[-+][a-zA-Z]*[oO]|--(?:rcfile|init-file))$/;

/**
 * Where in the arguments after a shell's name its command line
 * stands, if they have one: `-e -c LINE`, `-co pipefail LINE`.
 */
function placeOfLine(args: readonly string[]): number | undefined {
  let hasCommand = false;
  for (let place = 0; place < args.length; place += 1) {
    const arg = args[place] ?? '';
    if (!/^[-+]./.test(arg)) return hasCommand ? place : undefined;
    if (arg === '--') return hasCommand ? place + 1 : undefined;
    if (/^-[a-zA-Z]*c/.test(arg)) hasCommand = true;
    if (WITH_VALUE.test(arg)) place += 1;
  }
  return undefined;
}

/**
 * The arguments that a shell reads as commands, wherever it is started: `sh -c`, `env A=b sh -c`, `timeout 5 bash -ec`.
 */
function shellLines(args: readonly string[]): ReadonlyMap<number, { readonly isDirect: boolean }> {
  return new Map(
    args.flatMap((arg, at) => {
      const place = SHELL.test(arg) ? placeOfLine(args.slice(at + 1)) : undefined;
      return place === undefined ? [] : [[at + 1 + place, { isDirect: at === 0 }] as const];
    }),
  );
}

/**
 * What stands in between (`sudo`, `docker run`) may not pass variables on: the line sets those that it reads itself.
 */
function parseCommand(args: readonly string[]): Template[] {
  const lines = shellLines(args);
  return args.map((text, place) => {
    const line = lines.get(place);
    if (!line) return parseTemplate(text, 'the command');
    return parseShellTemplate(text, 'the shell line', { setsVariables: !line.isDirect });
  });
}

/** How the fields are called where they were written. */
export interface FieldNames {
  readonly env: string;
  readonly labels: string;
  readonly tags: string;
  readonly name: string;
  readonly cwd: string;
}

const OPTIONS: FieldNames = { env: '--env', labels: '--labels', tags: '--tags', name: '--name', cwd: '--cwd' };

/** Makes of a task with placeholders the task of one variation. Errors name the field. */
export function varyTask(
  task: SubmitTaskInput,
  fields: FieldNames = OPTIONS,
): (variation: Variation) => SubmitTaskInput {
  const all = (texts: readonly string[] | undefined, field: string): Template[] =>
    (texts ?? []).map((text) => parseTemplate(text, field));
  const args = parseCommand(task.args);
  const env = Object.entries(task.env ?? {}).map(([name, value]) => [name, parseTemplate(value, fields.env)] as const);
  const [labels, tags] = [all(task.labels, fields.labels), all(task.tags, fields.tags)];
  const [name, cwd] = [
    all(task.name === undefined ? [] : [task.name], fields.name),
    all(task.cwd === undefined ? [] : [task.cwd], fields.cwd),
  ];
  return ({ params, arrayIndex }) => {
    const fill = (templates: readonly Template[]): string[] => templates.map((make) => make(params, arrayIndex));
    return {
      ...task,
      args: fill(args),
      env: Object.fromEntries(env.map(([key, make]) => [key, make(params, arrayIndex)])),
      labels: fill(labels),
      tags: fill(tags),
      ...(name.length > 0 && { name: fill(name).join('') }),
      ...(cwd.length > 0 && { cwd: fill(cwd).join('') }),
      params,
      ...(arrayIndex !== undefined && { array_index: arrayIndex }),
    };
  };
}
