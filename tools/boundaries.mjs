// Import directions, by dependency-cruiser with the rules in .dependency-cruiser.cjs.
import { createRequire } from 'node:module';
import { cruise } from 'dependency-cruiser';
import { byFile, fixtureProblems } from './expectations.mjs';
import { sourceFolders } from './projects.mjs';
import { readSources, wideLines, WIDTH } from './shape.mjs';

const FIXTURE = 'tools/fixtures/boundaries';

const { rulesFor, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/**
 * Imports that go the wrong way, as lines of text. With the wrong compiler
 * the tool reads no TypeScript and is content: the fixture shows it.
 */
export async function checkBoundaries(root) {
  const inFixture = await violationsIn(root, [FIXTURE], { prefix: `${FIXTURE}/`, exclude: ['^$'] });
  const found = byFile(inFixture.violations.map(({ from, rule }) => [from, rule]));
  const blind = await fixtureProblems({ root, fixture: FIXTURE, found, rules: rulesFor('').map(({ name }) => name) });
  if (blind.length > 0) return blind;
  const { violations } = await violationsIn(root, await sourceFolders(root), {
    prefix: '',
    exclude: options.exclude.path,
  });
  return [
    ...violations.map(({ rule, from, to }) => `${from}: ${rule} (imports ${to})`),
    ...wideLines(await readSources(root)).map((place) => `${place}: wider than ${WIDTH} columns`),
  ];
}

async function violationsIn(root, paths, { prefix, exclude }) {
  const ruleSet = { forbidden: rulesFor(prefix) };
  const { output } = await cruise(paths, {
    ...options,
    exclude: { path: exclude },
    baseDir: root,
    validate: true,
    ruleSet,
  });
  const violations = output.summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to: cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> '),
  }));
  return { violations };
}
