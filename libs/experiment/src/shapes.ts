import { MitoError, parseBytes, parseDuration } from '@mitosis/domain';
import { kindOfNode, wrongAt, type ScalarNode, type SourceNode, type TableNode } from './source-tree.js';

/** YAML 1.1 read these as true or false, 1.2 reads them as text. */
const WORDS_OF_YAML_1_1 = /^(?:y|yes|n|no|on|off)$/i;

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where a value is: its file, and its path in it for people (`jobs.train.retries`). */
export interface Where {
  readonly file: string;
  readonly path: string;
}

/** What a key takes. The check of a file and the published schema are both made from it. */
export interface Shape<T> {
  readonly schema: JsonSchema;
  /** Throws `invalid_experiment` at the place of the node. */
  read(node: SourceNode, where: Where): T;
}

export function wrongValue(node: SourceNode, { file, path }: Where, message: string): MitoError {
  return wrongAt(file, node.place, `${path}: ${message}`);
}

/** Does `work`; an error about a field becomes one about the place of `node`. */
export function atNode<T>(node: SourceNode, { file }: Where, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MitoError && error.kind === 'invalid' && error.code !== 'invalid_experiment')
      throw wrongAt(file, node.place, error.message);
    throw error;
  }
}

function scalarOf(node: SourceNode, where: Where, wanted: string): ScalarNode {
  if (node.kind === 'scalar' && node.type !== 'nothing') return node;
  throw wrongValue(node, where, `this is ${kindOfNode(node)}; it needs ${wanted}`);
}

function tableOf(node: SourceNode, where: Where): TableNode {
  if (node.kind === 'table') return node;
  throw wrongValue(node, where, `this is ${kindOfNode(node)}; it needs a table of names and values`);
}

export const text: Shape<string> = {
  schema: { type: 'string' },
  read(node, where) {
    const scalar = scalarOf(node, where, 'text');
    if (scalar.type === 'text') return scalar.text;
    throw wrongValue(node, where, `this is ${kindOfNode(node)}; write it in quotes: "${scalar.text}"`);
  },
};

/** Text, or a number or truth value as it was written. */
export const anyValue: Shape<string> = {
  schema: { type: ['string', 'number', 'boolean'] },
  read: (node, where) => scalarOf(node, where, 'a value').text,
};

export const flag: Shape<boolean> = {
  schema: { type: 'boolean' },
  read(node, where) {
    const scalar = scalarOf(node, where, 'true or false');
    if (scalar.type === 'boolean') return scalar.text.toLowerCase() === 'true';
    const hint = WORDS_OF_YAML_1_1.test(scalar.text) ? `; "${scalar.text}" is text in YAML 1.2` : '';
    throw wrongValue(node, where, `write true or false${hint}`);
  },
};

export function whole(minimum: number, maximum: number): Shape<number> {
  return {
    schema: { type: 'integer', minimum, maximum },
    read(node, where) {
      const scalar = scalarOf(node, where, 'a whole number');
      const value = scalar.type === 'number' ? Number(scalar.text.replaceAll('_', '')) : Number.NaN;
      if (!Number.isInteger(value)) throw wrongValue(node, where, `"${scalar.text}" is not a whole number`);
      if (value < minimum || value > maximum)
        throw wrongValue(node, where, `${scalar.text} is out of range; use ${minimum} to ${maximum}`);
      return value;
    },
  };
}

/** Milliseconds of a text such as `90s` or `2h`. */
export function duration({ isZeroAllowed = false } = {}): Shape<number> {
  return {
    schema: { type: 'string', pattern: '^(\\d+(\\.\\d+)?[a-zA-Z]+)+$', examples: ['90s', '2h', '1h30m'] },
    read(node, where) {
      const { text: written } = scalarOf(node, where, 'a duration such as "2h"');
      return atNode(node, where, () => parseDuration(written, where.path, { isZeroAllowed }));
    },
  };
}

export const bytes: Shape<number> = {
  schema: { type: ['string', 'integer'], examples: ['64MiB'] },
  read(node, where) {
    const { text: written } = scalarOf(node, where, 'a size such as "64MiB"');
    return atNode(node, where, () => parseBytes(written, where.path));
  },
};

/** A list; a single value stands for a list of it. */
export function listOf<T>(item: Shape<T>): Shape<T[]> {
  return {
    schema: { anyOf: [item.schema, { type: 'array', items: item.schema }] },
    read(node, where) {
      if (node.kind !== 'list') return [item.read(node, where)];
      return node.items.map((each, index) => item.read(each, { ...where, path: `${where.path}[${index}]` }));
    },
  };
}

export function mapOf<T>(value: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    schema: { type: 'object', additionalProperties: value.schema },
    read(node, where) {
      const entries = [...tableOf(node, where).entries].map(([key, entry]) => {
        if (key === '__proto__') throw wrongAt(where.file, entry.place, `${where.path}: "${key}" can't be a name`);
        return [key, value.read(entry.value, { ...where, path: `${where.path}.${key}` })] as const;
      });
      return Object.fromEntries(entries);
    },
  };
}

export function oneOf<T extends string>(...values: readonly T[]): Shape<T> {
  return {
    schema: { enum: values },
    read(node, where) {
      const { text: written } = scalarOf(node, where, values.join(', '));
      const found = values.find((value) => value === written);
      if (found === undefined) throw wrongValue(node, where, `"${written}" is none of ${values.join(', ')}`);
      return found;
    },
  };
}

/** A line for the shell, or the program and its arguments one by one. */
export const command: Shape<string[]> = {
  schema: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', minItems: 1, items: { type: ['string', 'number', 'boolean'] } },
    ],
  },
  read(node, where) {
    if (node.kind === 'list') {
      if (node.items.length === 0) throw wrongValue(node, where, 'it has no command');
      return listOf(anyValue).read(node, where);
    }
    const line = text.read(node, where);
    if (line.trim() === '') throw wrongValue(node, where, 'it has no command');
    return ['/bin/sh', '-c', line];
  },
};
