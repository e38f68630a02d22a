import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * Holds a checker to a fixture, a folder of files that say in a line `// breaks: one, another?`
 * which rules they break (`?`: perhaps). A checker that sees nothing finds nothing, so this is tried
 * before its silence is believed. `found` maps a file (relative to `root`) to the rules reported
 * there; `rules`, when given, are those that some file must break; `only`, when given, those that the checker knows.
 * Returns lines of text.
 */
export async function fixtureProblems({ root, fixture, found, rules = [], only }) {
  const problems = [];
  const tried = new Set();
  for (const file of await sourcesIn(root, fixture)) {
    const all = expectedRules(await readFile(join(root, file), 'utf8'));
    const expected = only ? all.filter(({ name }) => only.includes(name)) : all;
    const got = found.get(file) ?? new Set();
    for (const { name } of expected) tried.add(name);
    const missed = expected.filter(({ name, optional }) => !optional && !got.has(name));
    const surplus = [...got].filter((rule) => expected.every(({ name }) => name !== rule));
    problems.push(...missed.map(({ name }) => `${file}: should break ${name}, but the checker does not see it`));
    problems.push(...surplus.map((rule) => `${file}: should not break ${rule}`));
  }
  if (tried.size === 0) problems.push(`${fixture}: breaks no rule at all`);
  const untried = rules.filter((name) => !tried.has(name));
  return [...problems, ...untried.map((name) => `${fixture}: no file breaks the rule ${name}`)];
}

/** Groups pairs of file and rule for `fixtureProblems`. */
export function byFile(pairs) {
  const found = new Map();
  for (const [file, rule] of pairs) found.set(file, (found.get(file) ?? new Set()).add(rule));
  return found;
}

function expectedRules(text) {
  const [, list] = /^\/\/ breaks: (.*)$/m.exec(text) ?? [];
  if (list === undefined) return [];
  return list.split(',').map((name) => ({ name: name.trim().replace('?', ''), optional: name.includes('?') }));
}

async function sourcesIn(root, folder) {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)));
}
