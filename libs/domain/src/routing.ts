import { MitoError } from './errors.js';
import { NAME_PATTERN, TAG_PATTERN } from './names.js';

/** What a queue stands for: the tasks of one group that ask for the same set of tags. */
export interface Route {
  readonly group: string;
  /** Sorted, without duplicates. */
  readonly tags: readonly string[];
}

/**
 * `~` occurs in no name and no tag, has no meaning in a Redis key, an ACL glob or a URL, so the
 * name is reversible and safe in all three.
 */
const SEPARATOR = '~';

/** Tags in the order and form in which they are stored and compared: sorted by code unit, unique. */
export function normalizeTags(tags: readonly string[]): string[] {
  return [...new Set(tags)].sort();
}

/** The queue of a group and a tag set, e.g. `vision~cuda12.1~gpu`; the order of `tags` does not matter. */
export function queueName(group: string, tags: readonly string[]): string {
  return [group, ...normalizeTags(tags)].join(SEPARATOR);
}

/** The inverse of {@link queueName}. Throws `invalid_queue_name` on anything that it can't have made. */
export function parseQueueName(name: string): Route {
  const [group = '', ...tags] = name.split(SEPARATOR);
  const isValid = NAME_PATTERN.test(group) && tags.every((tag) => TAG_PATTERN.test(tag));
  if (!isValid || queueName(group, tags) !== name) {
    throw new MitoError('invalid', 'invalid_queue_name', `"${name}" is not the name of a queue`);
  }
  return { group, tags };
}

/**
 * True when a worker with `workerTags` may run a task that asks for `taskTags`: an untagged worker
 * takes any task, a tagged one must have every tag asked for.
 */
export function tagsMatch(workerTags: readonly string[], taskTags: readonly string[]): boolean {
  return workerTags.length === 0 || taskTags.every((tag) => workerTags.includes(tag));
}
