import { firstExecutable, installed } from './installed.js';

const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
] as const;

/** Path of a Chromium for browser tests, see {@link installed}. */
export async function chromium(): Promise<string> {
  return installed({
    what: 'Chromium',
    packages: ['chromium'],
    onMac: 'brew install --cask chromium',
    find: () => firstExecutable(PATHS),
  });
}
