// Brings this clone into a state in which it runs: dependencies installed, everything built.
// Used by ./mito and before `npm test`. Needs nothing but Node and npm; says everything on stderr.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isInstalled } from './installed.mjs';
import { removeOrphans } from './orphans.mjs';
import { withSetupLock } from './setup-lock.mjs';

class SetupFailure extends Error {}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const GRACE_MS = 5_000;
let interruptedBy;
let hold = async () => {};

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  assertNode();
  await withSetupLock(join(root, '.nx', 'setup.lock'), async (holdFor) => {
    hold = holdFor;
    await setUp();
  });
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
  await run(process.execPath, [join(root, 'tools', 'web.mjs')], 'the build of the web page');
  await run(process.execPath, [join(root, 'tools', 'bundle.mjs')], 'the bundle');
  const stamp = join(root, 'node_modules', '.mitosis-stamp');
  await writeFile(stamp, `set up with node ${process.version}\n`);
  await utimes(stamp, begin, begin);
}

async function isBuilt() {
  return await access(join(root, 'dist', 'mito', 'lib', 'mito.js')).then(
    () => true,
    () => false,
  );
}

/**
 * Runs a step in a process group of its own. A signal to us ends the whole group and is waited for: the lock
 * is given up only when nothing writes into this clone.
 */
async function run(program, args, name) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 2, 2], detached: true });
  const exit = once(child, 'exit');
  const end = (signal) => {
    interruptedBy = signal;
    endGroup(child.pid, 'SIGTERM');
    setTimeout(() => endGroup(child.pid, 'SIGKILL'), GRACE_MS).unref();
  };
  for (const signal of SIGNALS) process.on(signal, end);
  await hold(child.pid);
  const [code, signal] = await exit;
  // What the step has started may outlive it.
  if (interruptedBy !== undefined) await groupEnded(child.pid);
  for (const signal of SIGNALS) process.off(signal, end);
  if (interruptedBy !== undefined) throw new SetupFailure('the setup was interrupted; the next start does it again');
  if (code === 0) return;
  throw new SetupFailure(`${name} failed (${signal ?? `exit code ${code}`})`);
}

function endGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function groupEnded(leader) {
  for (const deadline = Date.now() + GRACE_MS; isGroupAlive(leader); await delay(50))
    if (Date.now() > deadline) endGroup(leader, 'SIGKILL');
}

function isGroupAlive(leader) {
  try {
    process.kill(-leader, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function assertNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupFailure(`Node.js ${process.version} is too old; version 20.19 or later is needed`);
}

function say(text) {
  process.stderr.write(`mito: ${text}\n`);
}
