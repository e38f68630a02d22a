import { execFile } from 'node:child_process';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const INSTALL_TIMEOUT_MS = 300_000;
const POLICY = '/usr/sbin/policy-rc.d';

/** What to type to install `packages` by hand. */
export function aptCommand(packages: readonly string[]): string {
  return `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Installs packages, without starting their services, where this process is root on a Debian-like
 * system. False elsewhere.
 */
export async function aptInstall(packages: readonly string[]): Promise<boolean> {
  if (process.getuid?.() !== 0 || !(await isExecutable('/usr/bin/apt-get'))) return false;
  const own = await forbidServices();
  try {
    await install(packages);
  } finally {
    if (own) await rm(POLICY, { force: true });
  }
  return true;
}

/** The first of `paths` that can be run. */
export async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isExecutable(path)) return path;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Debian asks policy-rc.d before it starts a service; 101 forbids it. One that is there already is left alone. */
async function forbidServices(): Promise<boolean> {
  return await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

async function install(packages: readonly string[]): Promise<void> {
  // A clean environment, but for what makes apt ask nothing; another apt-get at work is waited for.
  const options = {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
    timeout: INSTALL_TIMEOUT_MS,
  };
  const apt = async (...args: string[]) => await run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], options);
  const args = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    await apt(...args);
  } catch {
    // The usual reason on a fresh image: there are no package lists yet. The second failure is final.
    await apt('update');
    await apt(...args);
  }
}
