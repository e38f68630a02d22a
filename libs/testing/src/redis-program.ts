import { aptCommand, aptInstall, firstExecutable } from './apt-install.js';

const PLACES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/opt/local/bin'] as const;
const NAMES = ['redis-server', 'valkey-server'] as const;
const PATHS = NAMES.flatMap((name) => PLACES.map((place) => `${place}/${name}`));
const PACKAGES = ['redis-server'] as const;

/**
 * Path of redis-server (or valkey-server). Where it is missing it is installed, if this process is
 * root on a Debian-like system, without starting the packaged service; elsewhere the error says
 * which command to run.
 */
export async function redisProgram(): Promise<string> {
  const found = await firstExecutable(PATHS);
  if (found !== undefined) return found;
  if (!(await aptInstall(PACKAGES))) {
    const command = process.platform === 'darwin' ? 'brew install redis' : aptCommand(PACKAGES);
    throw new Error(`these tests need redis-server, which is not installed; run: ${command}`);
  }
  const installed = await firstExecutable(PATHS);
  if (installed === undefined) throw new Error('apt-get installed redis-server, but it is in none of the usual places');
  return installed;
}
