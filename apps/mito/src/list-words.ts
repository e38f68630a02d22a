/** Options of a submission that take a list of words, as the original Mitosis has them: `-t a b -- CMD`. */
const LISTS = new Set(['-t', '--tags', '-l', '--labels', '-e', '--env', '--envs', '-r', '--resource', '--resources']);

/**
 * A line in which each word of a list has its option: `-t a b -- CMD` becomes `-t a -t b -- CMD`. Without `--` the
 * command begins at the first word that is not a value, so nothing is changed.
 */
export function spreadLists(line: readonly string[]): readonly string[] {
  const end = line.indexOf('--');
  if (end === -1) return line;
  const spread: string[] = [];
  let list: string | undefined;
  let hasValue = false;
  for (const word of line.slice(0, end)) {
    if (word.startsWith('-')) {
      list = LISTS.has(word) ? word : undefined;
      hasValue = false;
    } else if (list !== undefined && hasValue) spread.push(list);
    else hasValue = true;
    spread.push(word);
  }
  return [...spread, ...line.slice(end)];
}
