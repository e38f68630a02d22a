import { execFile } from 'node:child_process';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const INSTALL_TIMEOUT_MS = 1_200_000;
const LOCK_SECONDS = 600;
/** One apt-get of ours at a time: it waits for the lock of dpkg, but not for that of the package lists. */
const LOCK_FILE = path.join(tmpdir(), 'mito-apt.lock');
const POLICY = '/usr/sbin/policy-rc.d';

/** A part of the machine that tests need, and how it gets there. */
export interface Need<T> {
  /** As errors call it. */
  readonly what: string;
  /** Of Debian. */
  readonly packages: readonly string[];
  /** What to type on macOS. */
  readonly onMac?: string;
  /** Where it is, or whatever else the tests have to know of it; undefined where it is not installed. */
  find(): Promise<T | undefined>;
}

/**
 * What `find` returns. Where it is missing it is installed, if this process is root on a Debian-like system,
 * without starting services; elsewhere the error says which command to run.
 */
export async function installed<T>({ what, packages, onMac, find }: Need<T>): Promise<T> {
  const found = await find();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !(await isExecutable('/usr/bin/apt-get'))) {
    const command =
      (process.platform === 'darwin' && onMac) ||
      `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
    throw new Error(`these tests need ${what}, which is not installed; run: ${command}`);
  }
  await aptInstall(packages);
  const now = await find();
  if (now === undefined)
    throw new Error(`apt-get installed ${packages.join(', ')}, but ${what} is not where it should be`);
  return now;
}

async function aptInstall(packages: readonly string[]): Promise<void> {
  const isOwn = await forbidServices();
  try {
    await apt(packages);
  } finally {
    if (isOwn) await rm(POLICY, { force: true });
  }
}

/** The first of `paths` that can be run. */
export async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const place of paths) if (await isExecutable(place)) return place;
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
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

async function apt(packages: readonly string[]): Promise<void> {
  // A clean environment, but for what makes apt ask nothing; another apt-get at work is waited for.
  const options = {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
    timeout: INSTALL_TIMEOUT_MS,
    maxBuffer: 64 * 2 ** 20,
  };
  const aptGet = async (...args: string[]) =>
    await run(
      'flock',
      ['--timeout', `${LOCK_SECONDS}`, LOCK_FILE, 'apt-get', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`, ...args],
      options,
    );
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    await aptGet(...install);
  } catch {
    // The usual reason on a fresh image: there are no package lists yet. The second failure is final.
    await aptGet('update');
    await aptGet(...install);
  }
}
