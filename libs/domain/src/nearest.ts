/** Letters to insert, delete or replace to get from one word to the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replace = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replace));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/** A word longer than this is not compared: nobody mistyped it. */
const WORD_MAX = 64;

/**
 * The one of `known` that was probably meant by `word`, `-` and `_` counting as the same; undefined when none is near.
 */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  if (word.length > WORD_MAX) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '_');
  const [best] = known
    .map((name) => ({ name, far: editDistance(plain(word), plain(name)) }))
    .sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined;
}
