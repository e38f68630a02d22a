// Brings this clone into a state in which it runs: dependencies installed, everything built.
// Used by ./mito and before `npm test`. Needs nothing but Node and npm; says everything on stderr.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled } from './installed.mjs';
import { removeOrphans } from './orphans.mjs';
import { withSetupLock } from './setup-lock.mjs';

class SetupFailure extends Error {}

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  assertNode();
  await withSetupLock(join(root, '.nx', 'setup.lock'), setUp);
} catch (error) {
  // Set up or not is all that matters to the caller; what a failed step said is on stderr already.
  say(error instanceof SetupFailure ? error.message : error.stack);
  process.exitCode = 1;
}

async function setUp() {
  if (!(await isInstalled(root))) {
    say('installing the dependencies (npm ci)');
    await run('npm', ['ci', '--no-audit', '--no-fund'], 'npm ci');
  }
  // What is saved while the compiler runs counts as newer than this build.
  const begin = new Date();
  if (!(await isBuilt())) say('building');
  await removeOrphans(root);
  await run(process.execPath, [join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc'), '-b'], 'the build');
  await run(process.execPath, [join(root, 'workloads', 'build.mjs')], 'the build of the workloads');
  const stamp = join(root, 'node_modules', '.mitosis-stamp');
  await writeFile(stamp, `set up with node ${process.version}\n`);
  await utimes(stamp, begin, begin);
}

async function isBuilt() {
  return await access(join(root, 'apps', 'mito', 'dist', 'main.js')).then(
    () => true,
    () => false,
  );
}

async function run(program, args, name) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 2, 2] });
  const [code, signal] = await once(child, 'exit');
  if (code === 0) return;
  throw new SetupFailure(`${name} failed (${signal ?? `exit code ${code}`})`);
}

function assertNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupFailure(`Node.js ${process.version} is too old; version 20.19 or later is needed`);
}

function say(text) {
  process.stderr.write(`mito: ${text}\n`);
}
