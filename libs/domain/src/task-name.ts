import { cutText, oneLine } from './text.js';

const NAME_MAX = 80;

/**
 * What a task, or a job of tasks, is called that was given no name: the beginning of its command as one
 * line, at most 80 UTF-16 units with a mark where something was cut off. Always fit to be stored.
 */
export function nameOfCommand(args: readonly string[]): string {
  return cutText(oneLine(args.join(' ')), NAME_MAX, '…');
}
