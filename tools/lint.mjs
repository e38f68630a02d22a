// `npm run lint`: formatting, oxlint, import directions, plain English and the rules that need types, side by side.
// Needs a build.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBoundaries } from './boundaries.mjs';
import { checkFormat } from './format.mjs';
import { checkLint } from './oxlint.mjs';
import { checkEnglish } from './plain-english.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const begin = performance.now();

const checks = [checkFormat(root), checkLint(root), checkTypes(), checkBoundaries(root), checkEnglish(root)];
const problems = (await Promise.all(checks)).flat();
for (const problem of problems) console.log(problem);
const took = `${((performance.now() - begin) / 1000).toFixed(1)} s`;
console.log(problems.length === 0 ? `lint: clean (${took})` : `lint: ${problems.length} problems (${took})`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** In a process of its own: it keeps one core busy for seconds. */
async function checkTypes() {
  const child = spawn(process.execPath, [join(root, 'tools', 'typed-lint.mjs')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = Buffer.concat(await child.stdout.toArray())
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const code = child.exitCode ?? (await new Promise((resolve) => void child.once('exit', resolve)));
  return code !== 0 && lines.length === 0 ? [`typed-lint.mjs ended with ${code}`] : lines;
}
