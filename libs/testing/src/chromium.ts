import { aptCommand, aptInstall, firstExecutable } from './apt-install.js';

const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
] as const;
const PACKAGES = ['chromium'] as const;

/**
 * Path of a Chromium for browser tests. Where it is missing it is installed, if this process is root
 * on a Debian-like system; elsewhere the error says which command to run.
 */
export async function chromium(): Promise<string> {
  const found = await firstExecutable(PATHS);
  if (found !== undefined) return found;
  if (!(await aptInstall(PACKAGES))) {
    const command = process.platform === 'darwin' ? 'brew install --cask chromium' : aptCommand(PACKAGES);
    throw new Error(`these tests need Chromium, which is not installed; run: ${command}`);
  }
  const installed = await firstExecutable(PATHS);
  if (installed === undefined) throw new Error('apt-get installed chromium, but it is in none of the usual places');
  return installed;
}
