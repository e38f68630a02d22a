import {
  fillPlaceholders,
  invalidField,
  nameOfCommand,
  parseArray,
  parseSweep,
  sweepProduct,
  type Params,
} from '@mitosis/domain';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { readInput } from './task-options.js';

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

async function readLines(file: string): Promise<Params[]> {
  const lines = (await readInput(file, '--each-line')).toString('utf8').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => ({ line }));
}

async function readRecords(file: string): Promise<Params[]> {
  const text = (await readInput(file, '--each-json')).toString('utf8');
  let values: unknown[];
  try {
    values = parseRecords(text);
  } catch (error) {
    throw invalidField('--each-json', `${file}: ${(error as Error).message}`);
  }
  return values.map((value) =>
    typeof value === 'object' && value !== null ? flatten(value) : { value: value as string },
  );
}

/** A JSON array, or a JSON value on each line. */
export function parseRecords(text: string): unknown[] {
  if (text.trimStart().startsWith('[')) return JSON.parse(text) as unknown[];
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line));
}

/** What is no plain value is passed on as JSON text. */
function flatten(value: object): Params {
  const isPlain = (item: unknown): item is string | number | boolean =>
    ['string', 'number', 'boolean'].includes(typeof item);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => [name, isPlain(item) ? item : JSON.stringify(item)]),
  );
}

/** Every combination of all that was given, the array changing fastest. */
async function variations(options: SweepOptions): Promise<Variation[]> {
  let rows: Params[] = sweepProduct(options.sweep.map((text) => parseSweep(text)));
  const combine = (more: readonly Params[]): void => {
    rows = rows.flatMap((row) => more.map((extra) => ({ ...row, ...extra })));
  };
  if (options.eachLine !== undefined) combine(await readLines(options.eachLine));
  if (options.eachJson !== undefined) combine(await readRecords(options.eachJson));
  if (options.array === undefined) return rows.map((params) => ({ params }));
  const indices = parseArray(options.array);
  return rows.flatMap((params) => indices.map((arrayIndex) => ({ params, arrayIndex })));
}

function vary(task: SubmitTaskInput, { params, arrayIndex }: Variation): SubmitTaskInput {
  const known = { ...params, ...(arrayIndex !== undefined && { index: arrayIndex }) };
  const fill = (text: string): string => fillPlaceholders(text, known);
  return {
    ...task,
    args: task.args.map(fill),
    env: Object.fromEntries(Object.entries(task.env ?? {}).map(([name, value]) => [name, fill(value)])),
    ...(task.name !== undefined && { name: fill(task.name) }),
    ...(task.cwd !== undefined && { cwd: fill(task.cwd) }),
    params,
    ...(arrayIndex !== undefined && { array_index: arrayIndex }),
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
  const tasks = (await variations(options)).map((variation) => vary(task, variation));
  if (tasks.length === 0) throw invalidField('--sweep', 'there is nothing to submit');
  return tasks;
}
