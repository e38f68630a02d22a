// The tests of the Python client, in virtual environments of their own: `core` has nothing but pytest, `full` has
// what the extras need, ruff and mypy. `node tools/python-tests.mjs [pytest options]`; part of `npm test`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const home = join(root, 'python');
/** Survives `npm ci`. */
const cache = join(root, '.nx', 'python');
const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const CHECK = 'import sys, venv, ensurepip; print(sys.version_info[:2] >= (3, 10) and sys.version.split()[0] or "")';
const MARK = 'complete';
/** With more failed tests than this, the change is broken and not the machine busy. */
const TESTS_AGAIN_MAX = 6;
/** Options of pytest, when this file is run by itself. */
const named = process.argv[1] === fileURLToPath(import.meta.url) ? process.argv.slice(2) : [];
/**
 * Runs them all, and what failed once more when `alone` has resolved. `failures` names what has failed; without Python
 * nothing runs, and with CI set that is a failure.
 */
export async function runPythonTests({ alone = Promise.resolve() } = {}) {
  const python = await findPython();
  if (python === undefined) {
    const isCi = Boolean(process.env.CI);
    return { passed: 0, failed: isCi ? 1 : 0, failures: isCi ? ['python: Python is missing'] : [] };
  }
  const total = { passed: 0, failed: 0, failures: [] };
  const add = (result) => {
    total.passed += result.passed;
    total.failed += result.failed;
    total.failures.push(...result.failures);
  };
  try {
    const core = await environment(python, 'core');
    const full = await environment(python, 'full');
    for (const [name, args] of CHECKS) add(await check(full, name, args));
    // Side by side: each has a stack of its own, and most of the time both wait.
    const runs = [pytest(core, 'core', ['-m', 'not full']), pytest(full, 'full', ['-m', 'full'])];
    for (const result of await Promise.all(runs)) {
      add(await failedAgain(result, alone));
      await rm(result.cacheDir, { recursive: true, force: true });
    }
  } catch (error) {
    add({ passed: 0, failed: 1, failures: [`python: ${error.message}`] });
  }
  console.log(`python: ${total.passed} passed, ${total.failed} failed`);
  for (const failure of total.failures) console.log(`python: failed: ${failure}`);
  return total;
}

const CHECKS = [
  ['ruff check', ['-m', 'ruff', 'check', '--no-cache', '.']],
  ['ruff format', ['-m', 'ruff', 'format', '--no-cache', '--check', '.']],
  ['mypy --strict', ['-m', 'mypy']],
];

/** The machine's own, or that of Debian, which is installed where the tests may install things. */
async function findPython() {
  const { installed } = await import('../libs/testing/dist/installed.js');
  const need = { what: 'Python 3.10 or later with venv', packages: ['python3', 'python3-venv'], find: ownPython };
  try {
    return await installed({ ...need, onMac: 'brew install python' });
  } catch (error) {
    console.log(`python: ${error.message}. What was left out: every test of python/.`);
    return undefined;
  }
}

async function ownPython() {
  for (const name of [process.env.MITO_TEST_PYTHON, ...PYTHONS].filter(Boolean)) {
    const { code, text } = await run(name, ['-c', CHECK], { isQuiet: true });
    if (code === 0 && text.trim() !== '') return { name, version: text.trim() };
  }
  return undefined;
}

/** The interpreter of a virtual environment, made again when Python or what is to be in it has changed. */
async function environment({ name, version }, kind) {
  const requirements = join(home, 'tests', `requirements-${kind}.txt`);
  const hash = createHash('sha256')
    .update(version)
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const dir = join(cache, `${kind}-${hash}`);
  const python = join(dir, 'bin', 'python');
  if (existsSync(join(dir, MARK))) return python;
  console.log(`python: making the environment "${kind}" (${version})`);
  await mkdir(cache, { recursive: true });
  for (const old of await readdir(cache))
    if (old.startsWith(`${kind}-`)) await rm(join(cache, old), { recursive: true, force: true });
  await mustRun(name, ['-m', 'venv', dir]);
  await mustRun(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  await writeFile(join(dir, 'draft'), '');
  await rename(join(dir, 'draft'), join(dir, MARK));
  return python;
}

async function check(python, name, args) {
  const { code, text } = await run(python, args, { isQuiet: true });
  if (code !== 0) console.log(text);
  return code === 0 ? { passed: 1, failed: 0, failures: [] } : { passed: 0, failed: 1, failures: [name] };
}

/** Tests that failed run once more, alone, as `npm test` does it with files; both results are printed. */
async function failedAgain({ again, ...result }, alone) {
  if (result.failed === 0 || result.failed > TESTS_AGAIN_MAX) return result;
  await alone;
  console.log(`python: once more, alone: ${result.failures.join(', ')}`);
  const { failed, failures } = await again();
  if (failed === 0) for (const title of result.failures) console.log(`passed only when run again, alone: ${title}`);
  return { passed: result.passed + result.failed - failed, failed, failures };
}

async function pytest(python, kind, selection) {
  const cacheDir = await mkdtemp(join(tmpdir(), 'mitosis-pytest-cache-'));
  const args = ['-o', `cache_dir=${cacheDir}`, ...selection, ...named];
  const result = await pytestOnce(python, kind, args);
  return {
    ...result,
    cacheDir,
    again: () => pytestOnce(python, kind, [...args, '--last-failed', '--last-failed-no-failures=none']),
  };
}

async function pytestOnce(python, kind, selection) {
  const dir = await mkdtemp(join(tmpdir(), 'mitosis-pytest-'));
  try {
    const report = join(dir, 'report.xml');
    const args = ['-m', 'pytest', `--junitxml=${report}`, `--basetemp=${join(dir, 'tmp')}`];
    const { code } = await run(python, [...args, ...selection]);
    const result = existsSync(report)
      ? readReport(await readFile(report, 'utf8'))
      : { passed: 0, failed: 0, failures: [] };
    // 5: no test was selected.
    if (code !== 0 && code !== 5 && result.failed === 0) {
      result.failed = 1;
      result.failures.push(`pytest (${kind}) ended with ${code}`);
    }
    return result;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function readReport(xml) {
  const cases = [...xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*?(\/>|>([^]*?)<\/testcase>)/g)];
  const failures = cases
    .filter(([, , , , body = '']) => /<(failure|error)\b/.test(body))
    .map(([, file, name]) => `${file}: ${name}`);
  const skipped = cases.filter(([, , , , body = '']) => /<skipped\b/.test(body)).length;
  return { passed: cases.length - failures.length - skipped, failed: failures.length, failures };
}

async function mustRun(program, args) {
  const { code, text } = await run(program, args, { isQuiet: true });
  if (code !== 0) throw new Error(`"${program} ${args.join(' ')}" ended with ${code}:\n${text.slice(-2000)}`);
}

/** Nothing of the caller's Python or of a login reaches the tests. */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(MITO_|PYTHON|VIRTUAL_ENV)/.test(name));
  const lists = { PYTHONPATH: join(home, 'src'), PYTHONDONTWRITEBYTECODE: '1', PIP_NO_INPUT: '1' };
  return { ...Object.fromEntries(kept), ...lists, MITO_COMMAND: join(root, 'mito') };
}

/** Prints whole lines, as the output of other tests comes between them. */
async function run(program, args, { isQuiet = false } = {}) {
  const child = spawn(program, args, { cwd: home, env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => chunks.push(chunk));
    if (!isQuiet) createInterface({ input: stream }).on('line', (line) => console.log(line));
  }
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (status) => resolve(status ?? 1));
  });
  return { code, text: Buffer.concat(chunks).toString() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { failed } = await runPythonTests();
  process.exitCode = failed === 0 ? 0 : 1;
}
