import { parseQueueName, type Route } from '@mitosis/domain';

/**
 * How people read the name of a queue: `vision: cuda12.1, gpu`, or `vision (WebAssembly)`. No two queues
 * read the same, for names and tags hold neither colons and commas nor spaces and brackets.
 */
export function queueTitle(name: string): string {
  const { tags, ...route } = parseQueueName(name);
  const owner = `${route.group}${isWasm(route) ? ' (WebAssembly)' : ''}`;
  return tags.length === 0 ? owner : `${owner}: ${tags.join(', ')}`;
}

/** What a queue holds, in a sentence. */
export function describeQueue(name: string): string {
  const { tags, ...route } = parseQueueName(name);
  const tasks = `${isWasm(route) ? 'WebAssembly tasks' : 'Tasks'} of ${route.group}`;
  return tags.length === 0 ? `${tasks} for any of its workers` : `${tasks} for workers with ${tags.join(', ')}`;
}

function isWasm({ kind }: Pick<Route, 'kind'>): boolean {
  return kind === 'wasm';
}
