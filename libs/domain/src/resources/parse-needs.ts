import { parseBytes } from '../bytes.js';
import { invalidField } from '../errors.js';
import { isGpuCount, NEED_LIMITS, UNIT_NAME_PATTERN, type Need } from './need.js';

/** One option about needs as it was typed, in its place among the others; options without a value have `true`. */
export interface TypedNeed {
  readonly option: NeedOption;
  readonly value: string | true;
}

/** The options that say what a task needs; `--or` begins an alternative. */
export const NEED_OPTIONS = [
  '--cpus',
  '--mem',
  '--gpus',
  '--gpu-mem',
  '--disk',
  '--need',
  '--whole-machine',
  '--or',
] as const;
export type NeedOption = (typeof NEED_OPTIONS)[number];

type Draft = { -readonly [K in keyof Need]: Need[K] };

/** A whole number of an option, 0 to `max`. */
function wholeNumber(text: string, option: string, max: number): number {
  if (!/^\d{1,9}$/.test(text)) throw invalidField(option, `"${text}" is not a whole number; use 0 to ${max}`);
  const value = Number(text);
  if (value > max) throw invalidField(option, `"${text}" is too large; use 0 to ${max}`);
  return value;
}

/** Bytes with a unit: G and GB are 10^9, GiB is 2^30; a bare number is refused, for nobody knows what it counts. */
export function parseNeedBytes(text: string, option: string): number {
  if (/^\d+(\.\d+)?$/.test(text.trim()))
    throw invalidField(option, `"${text}" has no unit; did you mean ${text.trim()}GiB?`);
  const decimal = /^([\d.]+)\s*([kmgtp])$/i.exec(text.trim());
  const bytes = parseBytes(decimal ? `${decimal[1]}${decimal[2]}B` : text, option);
  if (bytes < 1 || bytes > NEED_LIMITS.bytes) throw invalidField(option, `"${text}" is out of range; use 1B to 1PiB`);
  return bytes;
}

const MODEL = /^[a-z0-9][a-z0-9 _.-]{0,63}$/i;

function parseGpus(text: string, draft: Draft): void {
  const [, count = '', , model] = /^([^:]*)(:(.*))?$/s.exec(text) ?? [];
  const gpus = /^\d{1,4}(\.\d{1,9})?$/.test(count) ? Number(count) : Number.NaN;
  if (!isGpuCount(gpus)) {
    const why =
      gpus > 1 && gpus < NEED_LIMITS.gpus
        ? 'a part is of one device: use a whole number, or less than 1'
        : `use 1 to ${NEED_LIMITS.gpus}, or a part of one device from 0.001 to 0.999`;
    throw invalidField('--gpus', `"${text}" is not a number of GPUs; ${why}`);
  }
  if (model !== undefined && !MODEL.test(model))
    throw invalidField('--gpus', `"${text}" names no model; write for example 2:a100`);
  draft.gpus = gpus;
  if (model !== undefined) draft.gpu_model = model.toLowerCase();
}

function parseUnits(text: string, draft: Draft): void {
  for (const part of text.split(',')) {
    const [, name = '', , count = '1'] = /^([^=]*)(=(.*))?$/s.exec(part.trim()) ?? [];
    if (!UNIT_NAME_PATTERN.test(name))
      throw invalidField('--need', `"${part}" is not of the form NAME=COUNT, with a lower-case name`);
    if (Object.hasOwn(draft.units ?? {}, name)) throw invalidField('--need', `${name} is named twice`);
    const units = wholeNumber(count, '--need', NEED_LIMITS.units);
    if (units < 1) throw invalidField('--need', `"${part}" asks for nothing; use 1 or more`);
    draft.units = { ...draft.units, [name]: units };
  }
}

function take(draft: Draft, { option, value }: TypedNeed): void {
  const text = value === true ? '' : value;
  const once = (field: keyof Need): void => {
    if (draft[field] !== undefined) throw invalidField(option, 'it is given twice; use --or between alternatives');
  };
  switch (option) {
    case '--cpus':
      once('cpus');
      draft.cpus = wholeNumber(text, option, NEED_LIMITS.cpus);
      return;
    case '--mem':
      once('mem_bytes');
      draft.mem_bytes = parseNeedBytes(text, option);
      return;
    case '--gpus':
      once('gpus');
      return parseGpus(text, draft);
    case '--gpu-mem':
      once('gpu_mem_bytes');
      draft.gpu_mem_bytes = parseNeedBytes(text, option);
      return;
    case '--disk':
      once('disk_bytes');
      draft.disk_bytes = parseNeedBytes(text, option);
      return;
    case '--need':
      return parseUnits(text, draft);
    case '--whole-machine':
      draft.whole_machine = true;
      return;
    case '--or':
      return;
  }
}

/**
 * The alternatives that options name, in the order in which they were typed. Throws `invalid_request` that names the
 * option which is wrong.
 */
export function parseNeeds(typed: readonly TypedNeed[]): Need[] {
  const drafts: Draft[] = [{}];
  for (const one of typed) {
    if (one.option === '--or') drafts.push({});
    else take(drafts.at(-1) as Draft, one);
  }
  if (typed.length === 0) return [];
  if (drafts.some((draft) => Object.keys(draft).length === 0))
    throw invalidField('--or', 'there has to be a need on both sides of it, e.g. --gpus 1 --or --cpus 32');
  if (drafts.length > NEED_LIMITS.alternatives)
    throw invalidField('--or', `use at most ${NEED_LIMITS.alternatives} alternatives`);
  return drafts;
}
