// A test file that failed is run once more, alone. Tests with real processes compete for two cores: what passes
// alone depends on load, what fails again is broken. Both are named at the end of `npm test`, nothing is hidden.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Tally } from './tally.mjs';

/** With more files than this, the change is broken and not the machine busy. */
const FILES_MAX = 10;

/**
 * Runs the files behind `tally.failures` again, one at a time.
 *
 * @param {{ name: string, path: string }[]} projects packages by name and folder below `root`
 * @param {(program: string, args: string[], options: { see: Function, cwd: string }) => Promise<number>} run
 * @returns {Promise<{ flaky: string[], broken: string[] } | undefined>} titles; undefined when nothing was run again
 */
export async function runFailedFilesAgain(root, projects, tally, run) {
  // A project that failed without naming a test can't be run again in part.
  if ([...tally.failedProjects].some((name) => !tally.failures.has(name))) return undefined;
  const files = [];
  for (const { name, path } of projects) {
    const failures = [...(tally.failures.get(name) ?? [])];
    if (failures.length > 0)
      files.push(...(await filesOf(join(root, path), failures)).map((file) => ({ name, path, ...file })));
  }
  if (files.length === 0 || files.length > FILES_MAX || files.some(({ file }) => file === undefined)) return undefined;
  const flaky = [];
  const broken = [];
  for (const { name, path, file, titles } of files) {
    console.log(`\nonce more, alone: ${path}/${file}`);
    const again = new Tally();
    const code = await run(join(root, 'node_modules', '.bin', 'ava'), [file], {
      see: (line) => again.read(line),
      cwd: join(root, path),
    });
    const verdict = code === 0 && again.failed === 0 && again.passed > 0 ? flaky : broken;
    verdict.push(...titles.map((title) => `${name}: ${title}`));
  }
  return { flaky, broken };
}

/** The test file of each failure; `file` is undefined where none fits. */
async function filesOf(folder, failures) {
  const entries = await readdir(join(folder, 'dist'), { recursive: true });
  const tests = entries.filter((entry) => entry.endsWith('.test.js')).map((entry) => `dist/${entry}`);
  const byFile = new Map();
  for (const failure of failures) {
    const file = tests.includes(failure) ? failure : fileOfTitle(tests, failure);
    byFile.set(file, [...(byFile.get(file) ?? []), failure]);
  }
  return [...byFile].map(([file, titles]) => ({ file, titles }));
}

/**
 * Ava puts the path of a file before a title: `conformance › outage.int › the title`; not in a package with one file.
 */
function fileOfTitle(tests, title) {
  if (tests.length === 1) return tests[0];
  const prefix = (file) => `${file.slice('dist/'.length, -'.test.js'.length).split('/').join(' › ')} › `;
  return tests.filter((file) => title.startsWith(prefix(file))).sort((a, b) => b.length - a.length)[0];
}
