import { execFile } from 'node:child_process';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PLACES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/opt/local/bin'] as const;
const NAMES = ['redis-server', 'valkey-server'] as const;
const INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'] as const;
const INSTALL_TIMEOUT_MS = 300_000;
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Path of redis-server (or valkey-server). Where it is missing it is installed, if this process is
 * root on a Debian-like system, without starting the packaged service; elsewhere the error says
 * which command to run.
 */
export async function redisProgram(): Promise<string> {
  const found = await findProgram();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !(await isExecutable('/usr/bin/apt-get'))) throw new Error(howToInstall());
  await installWithoutService();
  const installed = await findProgram();
  if (installed === undefined) throw new Error('apt-get installed redis-server, but it is in none of the usual places');
  return installed;
}

async function findProgram(): Promise<string | undefined> {
  for (const name of NAMES) {
    for (const place of PLACES) {
      if (await isExecutable(`${place}/${name}`)) return `${place}/${name}`;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Debian asks policy-rc.d before it starts a service; 101 forbids it. One that is there already is left alone. */
async function installWithoutService(): Promise<void> {
  const own = await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    },
  );
  try {
    await aptInstall();
  } finally {
    if (own) await rm(POLICY, { force: true });
  }
}

async function aptInstall(): Promise<void> {
  const [program, ...args] = INSTALL;
  // A clean environment, but for what makes apt ask nothing; another apt-get at work is waited for.
  const options = {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
    timeout: INSTALL_TIMEOUT_MS,
  };
  const waiting = ['-o', 'DPkg::Lock::Timeout=120'];
  try {
    await run(program, [...waiting, ...args], options);
  } catch {
    // The usual reason on a fresh image: there are no package lists yet. The second failure is final.
    await run(program, [...waiting, 'update'], options);
    await run(program, [...waiting, ...args], options);
  }
}

function howToInstall(): string {
  const command = process.platform === 'darwin' ? 'brew install redis' : `sudo ${INSTALL.join(' ')}`;
  return `these tests need redis-server, which is not installed; run: ${command}`;
}
