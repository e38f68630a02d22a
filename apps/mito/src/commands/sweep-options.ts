import {
  fromOriginalTask,
  nameOfCommand,
  parseArray,
  parseSweep,
  splitArray,
  type ParamJson,
  type Params,
  type ParamSource,
} from '@mitosis/domain';
import { combineVariations, lineRows, recordRows, varyTask, type Variation } from '@mitosis/experiment';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { readText } from '../files/read-input.js';

/** The options that make many tasks of one, as they were typed. */
export interface SweepOptions {
  readonly array?: string | undefined;
  readonly eachLine?: string | undefined;
  readonly eachJson?: string | undefined;
  readonly sweep: readonly string[];
}

/** Whether one of the options was given. */
export const isSweep = ({ array, eachLine, eachJson, sweep }: SweepOptions): boolean =>
  array !== undefined || eachLine !== undefined || eachJson !== undefined || sweep.length > 0;

/**
 * The record of a task for `submit-many`, in our form or in that of the original Mitosis: parameters keep their digits,
 * everything else is as JSON has it.
 */
export function taskOf({ value, plain: written, paramOf }: ParamJson): SubmitTaskInput {
  const plain = fromOriginalTask(written);
  const { params } = (value ?? {}) as { readonly params?: unknown };
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return plain as SubmitTaskInput;
  const exact = Object.entries(params).map(([name, item]) => [name, typeof item === 'string' ? paramOf(item) : item]);
  return { ...(plain as SubmitTaskInput), params: Object.fromEntries(exact) as Params };
}

/** Every combination of all that was given, the array changing fastest. */
async function variations(options: SweepOptions): Promise<Variation[]> {
  const sources: ParamSource[] = options.sweep.map((text) => {
    const { name, values } = parseSweep(text);
    return { field: '--sweep', rows: values.map((value) => ({ [name]: value })) };
  });
  const { eachLine, eachJson, array } = options;
  if (eachLine !== undefined)
    sources.push(lineRows(await readText(eachLine, '--each-line'), { file: eachLine, field: '--each-line' }));
  if (eachJson !== undefined)
    sources.push(recordRows(await readText(eachJson, '--each-json'), { file: eachJson, field: '--each-json' }));
  const indices = array === undefined ? undefined : parseArray(splitArray(array).indices);
  return combineVariations(sources, indices && { field: '--array', indices });
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
  if (!isSweep(options)) return undefined;
  return (await variations(options)).map(varyTask(task));
}
