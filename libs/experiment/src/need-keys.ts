import { MitoError, nearestOf, parseNeeds, type NeedOption, type TypedNeed } from '@mitosis/domain';
import { anyValue, flag, listOf, wrongValue, type Shape, type Where } from './shapes.js';
import { wrongAt, type SourceNode } from './source-tree.js';

function optionValue(option: NeedOption, node: SourceNode, where: Where): TypedNeed[] {
  if (option === '--whole-machine') return flag.read(node, where) ? [{ option, value: true }] : [];
  const values = option === '--need' ? listOf(anyValue).read(node, where) : [anyValue.read(node, where)];
  const typed = values.map((value): TypedNeed => ({ option, value }));
  try {
    parseNeeds(typed);
  } catch (error) {
    if (!(error instanceof MitoError)) throw error;
    throw wrongAt(where.file, node.place, error.message.replace(`${option}:`, `${where.path}:`));
  }
  return typed;
}

function need(option: NeedOption, examples: readonly unknown[]): Shape<TypedNeed[]> {
  const schema =
    option === '--whole-machine'
      ? { type: 'boolean' }
      : option === '--need'
        ? { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }], examples }
        : { type: ['string', 'number'], examples };
  return { schema, read: (node, where) => optionValue(option, node, where) };
}

/** What a task needs of a machine, by the options of the command line. */
export const NEED_SHAPES: Readonly<Record<string, Shape<TypedNeed[]>>> = {
  cpus: need('--cpus', [4]),
  mem: need('--mem', ['16GiB']),
  gpus: need('--gpus', [1, '2:a100', 0.5]),
  gpu_mem: need('--gpu-mem', ['20GiB']),
  disk: need('--disk', ['50GiB']),
  need: need('--need', ['license=1']),
  whole_machine: need('--whole-machine', []),
};

/** Other needs that are as good, each a table of the same keys. */
export const alternatives: Shape<TypedNeed[]> = {
  schema: {
    type: 'array',
    items: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(NEED_SHAPES).map(([name, { schema }]) => [name, schema])),
      additionalProperties: false,
      minProperties: 1,
    },
  },
  read(node, where) {
    const items = node.kind === 'list' ? node.items : [node];
    return items.flatMap((item, place) => {
      const path = `${where.path}[${place}]`;
      if (item.kind !== 'table' || item.entries.size === 0)
        throw wrongValue(item, { ...where, path }, 'write a table of needs, for example { cpus = 32 }');
      const typed = [...item.entries].flatMap(([key, { place: at, value }]) => {
        const shape = Object.hasOwn(NEED_SHAPES, key) ? NEED_SHAPES[key] : undefined;
        if (shape) return shape.read(value, { ...where, path: `${path}.${key}` });
        const near = nearestOf(key, Object.keys(NEED_SHAPES));
        const hint = near === undefined ? '' : `; did you mean "${near}"?`;
        throw wrongAt(where.file, at, `${path}.${key}: there is no such need${hint}`);
      });
      return [{ option: '--or' as const, value: true as const }, ...typed];
    });
  },
};
