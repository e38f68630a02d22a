// `npm test [-- part...]`: lint, then the tests of every package that has some (or of the named ones,
// such as `queue`), through Nx. The last line is `N passed, N failed`, summed over all packages.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { projects } from './projects.mjs';
import { runPythonTests } from './python-tests.mjs';
import { runFailedFilesAgain } from './second-run.mjs';
import { Tally } from './tally.mjs';

/** No background process, no screen of its own, nothing sent anywhere. */
const NX_SETTINGS = { NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const named = process.argv.slice(2);

const tested = await testedProjects();
await installNeeds(tested);
const tally = new Tally();
const testing = tested.length === 0 ? Promise.resolve(0) : runTests(tested);
const [testCode, { lint, python }] = await Promise.all([testing, runOthers(testing)]);
const again = testCode === 0 ? undefined : await runFailedFilesAgain(root, await projects(root), tally, run);
report();

/** The last line is the sum; what failed is named right before it. */
function report() {
  const passed = tally.passed + python.passed;
  // A run that broke off without naming a test has failed as well.
  const failed = testCode === 0 ? tally.failed : Math.max(tally.failed, 1);
  const flaky = again?.flaky ?? [];
  const broken =
    again?.broken ?? [...tally.failures].flatMap(([name, titles]) => [...titles].map((title) => `${name}: ${title}`));
  const isBroken = failed > 0 && (again === undefined || broken.length > 0);
  if (lint.code !== 0) for (const line of ['lint failed:', ...lint.lines]) console.log(line);
  if (testCode !== 0 && tally.failures.size === 0) console.log('a test run broke off without naming a test, see above');
  if (passed + failed + python.failed === 0) console.log('no test ran');
  for (const title of flaky) console.log(`passed only when run again, alone: ${title}`);
  for (const title of [...broken, ...python.failures]) console.log(`failed: ${title}`);
  process.exitCode = lint.code === 0 && !isBroken && python.failed === 0 && passed > 0 ? 0 : 1;
  const stillFailed = isBroken ? Math.max(failed - flaky.length, 1) : 0;
  console.log(`${passed + failed - stillFailed} passed, ${stillFailed + python.failed} failed`);
}

async function testedProjects() {
  const found = [];
  for (const project of await projects(root)) {
    if (named.length > 0 && !named.includes(basename(project.path))) continue;
    const files = await readdir(join(root, project.path, 'src'), { recursive: true });
    if (files.some((file) => file.endsWith('.test.ts'))) found.push(project.name);
    else console.log(`${project.path} has no tests`);
  }
  return found;
}

/** Before any test starts: the package manager may take longer than a test hook. */
async function installNeeds(tested) {
  const testing = await import('../libs/testing/dist/index.js');
  const failures = await testing.installNeeds(tested.map((name) => basename(name)));
  for (const failure of failures) console.log(failure);
}

/** Lint, then the Python tests, beside the packages, which wait for their services half of the time. */
async function runOthers(testing) {
  const lines = [];
  const see = (line) => void lines.push(line);
  const code = await run(process.execPath, [join(root, 'tools', 'lint.mjs')], { see });
  const isWanted = named.length === 0 || named.includes('python');
  const python = isWanted ? await runPythonTests({ alone: testing }) : { passed: 0, failed: 0, failures: [] };
  return { lint: { code, lines }, python };
}

/**
 * Two cores run one package at a time: ava fills them by itself, and tests that wait for real services dislike a crowd.
 */
async function runTests(names) {
  const parallel = Math.max(1, Math.floor(availableParallelism() / 2));
  const args = [
    'run-many',
    '-t',
    'test',
    '-p',
    names.join(','),
    `--parallel=${parallel}`,
    '--output-style=stream',
    '--nxBail=false',
  ];
  return await run(join(root, 'node_modules', '.bin', 'nx'), args, { see: (line) => tally.read(line) });
}

/** Runs a program, passing its output on line by line as it comes; returns its exit code. */
async function run(program, args, { see = () => undefined, cwd = root } = {}) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...NX_SETTINGS },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    see(line);
    console.log(line);
  }
  const [code] = await ended;
  return code ?? 1;
}
