import {
  assertSweepSize,
  combineParams,
  cutText,
  invalidField,
  nameOfCommand,
  PARAM_PATTERN,
  parseArray,
  parseParamJson,
  parseShellTemplate,
  parseSweep,
  parseTemplate,
  type ParamJson,
  type Params,
  type ParamSource,
  type Template,
} from '@mitosis/domain';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { readText } from '../files/read-input.js';

/** The options that make many tasks of one, as they were typed. */
export interface SweepOptions {
  readonly array?: string | undefined;
  readonly eachLine?: string | undefined;
  readonly eachJson?: string | undefined;
  readonly sweep: readonly string[];
}

/** What one task of a sweep has that the others have not. */
interface Variation {
  readonly params: Params;
  readonly arrayIndex?: number;
}

const isGiven = ({ array, eachLine, eachJson, sweep }: SweepOptions): boolean =>
  array !== undefined || eachLine !== undefined || eachJson !== undefined || sweep.length > 0;

/** The lines of a file, without those that are empty or have only blanks. */
async function readLines(file: string): Promise<ParamSource> {
  const field = '--each-line';
  const lines = (await readText(file, field)).split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw invalidField(field, `${file} has no lines that are not empty`);
  return { field, rows: lines.map((line) => ({ line })) };
}

async function readRecords(file: string): Promise<ParamSource> {
  const field = '--each-json';
  const records = parseRecords(await readText(file, field), { file, field });
  if (records.length === 0) throw invalidField(field, `${file} has no records`);
  return { field, rows: records.map((record, index) => paramsOf(record, `${field}: ${file}: record ${index + 1}`)) };
}

/** A JSON array, or a JSON value on each line; numbers keep their digits. Throws, naming `field` and the place. */
export function parseRecords(text: string, { file, field }: { file: string; field: string }): ParamJson[] {
  const parse = (json: string, place: string): ParamJson => {
    try {
      return parseParamJson(json);
    } catch (error) {
      throw invalidField(field, `${file}: ${place}${(error as Error).message}`);
    }
  };
  if (text.trimStart().startsWith('[')) {
    const { value, plain, paramOf } = parse(text, '');
    return (value as unknown[]).map((item, index) => ({ value: item, plain: (plain as unknown[])[index], paramOf }));
  }
  return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parse(line, `line ${index + 1}: `)]));
}

/** The record of a task for `submit-many`: parameters keep their digits, everything else is as JSON has it. */
export function taskOf({ value, plain, paramOf }: ParamJson): SubmitTaskInput {
  const { params } = (value ?? {}) as { readonly params?: unknown };
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return plain as SubmitTaskInput;
  const exact = Object.entries(params).map(([name, item]) => [name, typeof item === 'string' ? paramOf(item) : item]);
  return { ...(plain as SubmitTaskInput), params: Object.fromEntries(exact) as Params };
}

/** The fields of an object; what is no plain value is passed on as JSON text, and no object at all as `value`. */
function paramsOf({ value, paramOf }: ParamJson, place: string): Params {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value: paramOf(value) };
  const entries = Object.entries(value);
  const wrong = entries.find(([name]) => !PARAM_PATTERN.test(name));
  if (wrong) throw invalidField(place, `"${cutText(wrong[0], 80)}" can't be a parameter: use letters, digits and "_"`);
  return Object.fromEntries(entries.map(([name, item]) => [name, paramOf(item)]));
}

/** Every combination of all that was given, the array changing fastest. */
async function variations(options: SweepOptions): Promise<Variation[]> {
  const sources: ParamSource[] = options.sweep.map((text) => {
    const { name, values } = parseSweep(text);
    return { field: '--sweep', rows: values.map((value) => ({ [name]: value })) };
  });
  if (options.eachLine !== undefined) sources.push(await readLines(options.eachLine));
  if (options.eachJson !== undefined) sources.push(await readRecords(options.eachJson));
  const rows = combineParams(sources);
  if (options.array === undefined) return rows.map((params) => ({ params }));
  if (rows.some((params) => Object.hasOwn(params, 'index')))
    throw invalidField('--array', 'its {index} is the name of a parameter, too');
  const indices = parseArray(options.array);
  assertSweepSize(rows.length * indices.length, '--array');
  return rows.flatMap((params) => indices.map((arrayIndex) => ({ params, arrayIndex })));
}

const SHELL = /^(?:.*\/)?(?:r?bash|sh|dash|ash|ksh\d*|mksh|pdksh|yash|posh|zsh)$/;
/** Options of shells whose value is the next argument: `-o pipefail`, `-eo pipefail`, `--rcfile FILE`. */
const WITH_VALUE = /^(?:[-+][a-zA-Z]*[oO]|--(?:rcfile|init-file))$/;

/** Where in the arguments after a shell's name its command line stands, if they have one: `-e -c LINE`, `-co pipefail LINE`. */
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

/** The arguments that a shell reads as commands, wherever it is started: `sh -c`, `env A=b sh -c`, `timeout 5 bash -ec`. */
function shellLines(args: readonly string[]): ReadonlyMap<number, { readonly isDirect: boolean }> {
  return new Map(
    args.flatMap((arg, at) => {
      const place = SHELL.test(arg) ? placeOfLine(args.slice(at + 1)) : undefined;
      return place === undefined ? [] : [[at + 1 + place, { isDirect: at === 0 }] as const];
    }),
  );
}

/** What stands in between (`sudo`, `docker run`) may not pass variables on: the line sets those that it reads itself. */
function parseCommand(args: readonly string[]): Template[] {
  const lines = shellLines(args);
  return args.map((text, place) => {
    const line = lines.get(place);
    if (!line) return parseTemplate(text, 'the command');
    return parseShellTemplate(text, 'the shell line', { setsVariables: !line.isDirect });
  });
}

/** Makes of a task with placeholders the task of one variation. */
function templateOf(task: SubmitTaskInput): (params: Params, arrayIndex?: number) => SubmitTaskInput {
  const all = (texts: readonly string[] | undefined, field: string): Template[] =>
    (texts ?? []).map((text) => parseTemplate(text, field));
  const args = parseCommand(task.args);
  const env = Object.entries(task.env ?? {}).map(([name, value]) => [name, parseTemplate(value, '--env')] as const);
  const [labels, tags] = [all(task.labels, '--labels'), all(task.tags, '--tags')];
  const [name, cwd] = [
    all(task.name === undefined ? [] : [task.name], '--name'),
    all(task.cwd === undefined ? [] : [task.cwd], '--cwd'),
  ];
  return (params, arrayIndex) => {
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

/** What its job is called: as it was named, or the command as it was typed, its placeholders telling what varies. */
export function nameOfSweep({ name, args }: SubmitTaskInput, shell: string | undefined): string | undefined {
  return name ?? (nameOfCommand(shell === undefined ? args : [shell]) || undefined);
}

/** The tasks that a sweep consists of, or undefined when none of its options was given. */
export async function expandSweep(
  task: SubmitTaskInput,
  options: SweepOptions,
): Promise<SubmitTaskInput[] | undefined> {
  if (!isGiven(options)) return undefined;
  const vary = templateOf(task);
  return (await variations(options)).map(({ params, arrayIndex }) => vary(params, arrayIndex));
}
