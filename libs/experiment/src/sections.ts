import { PARAM_PATTERN, paramValueOf, parseArray, parseSweep, SWEEP_MAX, type ParamValue } from '@mitosis/domain';
import { LIMITS } from '@mitosis/protocol';
import { OPTION_KEYS, type Key } from './keys.js';
import {
  anyValue,
  atNode,
  listOf,
  text,
  whole,
  wrongValue,
  type JsonSchema,
  type Shape,
  type Where,
} from './shapes.js';
import { kindOfNode, wrongAt, type SourceNode } from './source-tree.js';

/** A value of a parameter: its text where no number carries it exactly. Nothing but plain values can be one. */
function paramOf(node: SourceNode, where: Where): ParamValue {
  if (node.kind === 'scalar' && node.type === 'text') return node.text;
  return paramValueOf(anyValue.read(node, where));
}

/** Values in their order, each once: to repeat one makes no other task. */
function distinct(values: readonly ParamValue[]): ParamValue[] {
  return [...new Map(values.map((value) => [String(value), value])).values()];
}

function valuesOf(name: string, node: SourceNode, where: Where): ParamValue[] {
  if (node.kind === 'list') {
    if (node.items.length === 0) throw wrongValue(node, where, 'it has no values');
    return distinct(node.items.map((item, place) => paramOf(item, { ...where, path: `${where.path}[${place}]` })));
  }
  if (node.kind === 'scalar' && node.type === 'text')
    return atNode(node, where, () => parseSweep(`${name}=${node.text}`, where.path).values);
  const hint = Object.hasOwn(OPTION_KEYS, name) ? `; the option "${name}" of the task stands beside "sweep"` : '';
  throw wrongValue(node, where, `this is ${kindOfNode(node)}; write a list of values, or text such as "1..5"${hint}`);
}

const PLAIN: JsonSchema = { type: ['string', 'number', 'boolean'] };

/** By parameter, its values. */
export const sweep: Shape<readonly { readonly name: string; readonly values: readonly ParamValue[] }[]> = {
  schema: {
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' },
    additionalProperties: { anyOf: [{ type: 'string' }, { type: 'array', minItems: 1, items: PLAIN }] },
  },
  read(node, where) {
    if (node.kind !== 'table')
      throw wrongValue(node, where, `this is ${kindOfNode(node)}; it needs a table of parameters and their values`);
    return [...node.entries].map(([name, { place, value }]) => {
      if (!PARAM_PATTERN.test(name))
        throw wrongAt(where.file, place, `${where.path}: "${name}" can't be a parameter: use letters, digits and "_"`);
      return { name, values: valuesOf(name, value, { ...where, path: `${where.path}.${name}` }) };
    });
  },
};

/** Rows that are written here, or a file of lines or of JSON records. */
export type Each =
  | { readonly rows: readonly Readonly<Record<string, ParamValue>>[] }
  | { readonly lines: string }
  | { readonly json: string };

function rowOf(node: SourceNode, where: Where): Record<string, ParamValue> {
  if (node.kind !== 'table') throw wrongValue(node, where, `this is ${kindOfNode(node)}; a row is a table`);
  const entries = [...node.entries].map(([name, { place, value }]) => {
    if (!PARAM_PATTERN.test(name))
      throw wrongAt(where.file, place, `${where.path}: "${name}" can't be a parameter: use letters, digits and "_"`);
    return [name, paramOf(value, { ...where, path: `${where.path}.${name}` })] as const;
  });
  return Object.fromEntries(entries);
}

export const each: Shape<Each> = {
  schema: {
    anyOf: [
      { type: 'array', minItems: 1, items: { type: 'object', additionalProperties: PLAIN } },
      { type: 'object', properties: { lines: { type: 'string' } }, required: ['lines'], additionalProperties: false },
      { type: 'object', properties: { json: { type: 'string' } }, required: ['json'], additionalProperties: false },
    ],
  },
  read(node, where) {
    if (node.kind === 'list') {
      if (node.items.length === 0) throw wrongValue(node, where, 'it has no rows');
      return { rows: node.items.map((item, place) => rowOf(item, { ...where, path: `${where.path}[${place}]` })) };
    }
    const entry = node.kind === 'table' && node.entries.size === 1 ? [...node.entries][0] : undefined;
    const [kind, file] = entry ?? [];
    if ((kind === 'lines' || kind === 'json') && file) {
      const name = text.read(file.value, { ...where, path: `${where.path}.${kind}` });
      return kind === 'lines' ? { lines: name } : { json: name };
    }
    throw wrongValue(node, where, 'write a list of rows, { lines = "FILE" } or { json = "FILE" }');
  },
};

const array: Shape<number[]> = {
  schema: { type: ['string', 'integer'], examples: ['1-100', '0-100:10'] },
  read: (node, where) => atNode(node, where, () => parseArray(anyValue.read(node, where), where.path)),
};

/** What [tasks.NAME] and [jobs.NAME] have besides the options. */
export const ENTRY_KEYS: Readonly<Record<string, Key>> = {
  name: { shape: text, description: 'name of each task for people; {PARAMETER} is replaced', field: 'name' },
  use: { shape: listOf(text), description: 'templates whose options it has, later ones win' },
  after: {
    shape: listOf(text),
    description:
      'what it waits for: another entry of this file, job=UUID or task=UUID, ' +
      'with :ended or :failed for another end than success',
  },
};

/** What only [jobs.NAME] has. */
export const JOB_KEYS: Readonly<Record<string, Key>> = {
  sweep: { shape: sweep, description: 'parameters and their values; every combination is a task' },
  each: { shape: each, description: 'a task for each row, line or record' },
  array: { shape: array, description: 'a task for each index, such as "1-100"' },
  at_once: { shape: whole(1, SWEEP_MAX), description: 'how many of its tasks run at a time' },
  max_fails: {
    shape: whole(0, SWEEP_MAX),
    description: 'when more of its tasks have failed than this, the others are cancelled',
  },
};

export const TOP_KEYS = ['name', 'group', 'defaults', 'templates', 'tasks', 'jobs'] as const;

/** Names of tasks, jobs and templates. */
export const ENTRY_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

function tableSchema(keys: Readonly<Record<string, Key>>, description: string): JsonSchema {
  const properties = Object.entries(keys).map(([name, { shape, description: about }]) => [
    name,
    { ...shape.schema, description: about },
  ]);
  return { type: 'object', description, properties: Object.fromEntries(properties), additionalProperties: false };
}

/** The JSON Schema of an experiment file, made from the very keys that files are checked by. */
export function experimentSchema(): JsonSchema {
  const named = (schema: JsonSchema, description: string): JsonSchema => ({
    type: 'object',
    description,
    propertyNames: { pattern: ENTRY_NAME.source },
    additionalProperties: schema,
  });
  const task = tableSchema({ ...ENTRY_KEYS, ...OPTION_KEYS }, 'one task');
  const job = tableSchema({ ...ENTRY_KEYS, ...JOB_KEYS, ...OPTION_KEYS }, 'a job: the tasks of a sweep');
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Mitosis experiment',
    type: 'object',
    properties: {
      name: {
        type: 'string',
        maxLength: LIMITS.labels,
        description: 'name of the experiment; that of the file by default',
      },
      group: { type: 'string', description: 'group of all its tasks' },
      defaults: tableSchema(OPTION_KEYS, 'options of every task'),
      templates: named(tableSchema(OPTION_KEYS, 'options'), 'options that tasks and jobs take over with "use"'),
      tasks: named(task, 'single tasks by name'),
      jobs: named(job, 'jobs by name'),
    },
    additionalProperties: false,
  };
}
