import type { CommandEntry } from '../mito-context.js';

/** True when `words` begin with all words of `path`. */
export function isBelow(words: readonly string[], path: string): boolean {
  return `${words.join(' ')} `.startsWith(`${path} `);
}

/** True when `path` leads on from `folder`; everything leads on from the empty one. */
export function leadsOn(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder} `);
}

/** The command that `words` begin with: the one of the longest path. */
export function findCommand(
  commands: readonly CommandEntry[],
  words: readonly string[],
): { readonly entry: CommandEntry; readonly path: string } | undefined {
  const fitting = commands.flatMap((entry) =>
    entry.paths.filter((path) => isBelow(words, path)).map((path) => ({ entry, path })),
  );
  return fitting.toSorted((a, b) => b.path.length - a.path.length)[0];
}
