import { MitoError } from './errors.js';
import { NAME_PATTERN } from './names.js';
import { REQUIREMENT_PATTERN } from './tag-expression.js';

/** What a task runs: a command of the machine, or a sandboxed WebAssembly program. */
export const TASK_KINDS = ['command', 'wasm'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** What a queue stands for: the tasks of one group and kind that ask for the same tags. */
export interface Route {
  readonly group: string;
  readonly kind: TaskKind;
  /** Sorted, without duplicates. */
  readonly tags: readonly string[];
}

/**
 * `~` occurs in no name and no requirement, has no meaning in a Redis key, an ACL glob or a URL, so the
 * name is reversible and safe in all three.
 */
const SEPARATOR = '~';

/** Stands before the tags of a queue of sandboxed programs; no tag begins with `_`. */
const WASM_MARK = '_wasm';

/** Tags in the order and form in which they are stored and compared: sorted by code unit, unique. */
export function normalizeTags(tags: readonly string[]): string[] {
  return [...new Set(tags)].sort();
}

/**
 * The queue of a group and a tag set, e.g. `vision~cuda12.1~gpu`; the order of `tags` does not matter.
 * A tag can be a requirement (`vision~!old~a100|h100`). Sandboxed programs have queues of their own, e.g.
 * `vision~_wasm~gpu`: some workers take nothing else.
 */
export function queueName(group: string, tags: readonly string[], kind: TaskKind = 'command'): string {
  return [group, ...(kind === 'wasm' ? [WASM_MARK] : []), ...normalizeTags(tags)].join(SEPARATOR);
}

/** The inverse of {@link queueName}. Throws `invalid_queue_name` on anything that it can't have made. */
export function parseQueueName(name: string): Route {
  const [group = '', ...rest] = name.split(SEPARATOR);
  const kind: TaskKind = rest[0] === WASM_MARK ? 'wasm' : 'command';
  const tags = kind === 'wasm' ? rest.slice(1) : rest;
  const isValid = NAME_PATTERN.test(group) && tags.every((tag) => REQUIREMENT_PATTERN.test(tag));
  if (!isValid || queueName(group, tags, kind) !== name) {
    throw new MitoError('invalid', 'invalid_queue_name', `"${name}" is not the name of a queue`);
  }
  return { group, kind, tags };
}
