import { firstExecutable, installed } from './installed.js';

const PLACES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/opt/local/bin'] as const;
const NAMES = ['redis-server', 'valkey-server'] as const;
const PATHS = NAMES.flatMap((name) => PLACES.map((place) => `${place}/${name}`));

/** Path of redis-server (or valkey-server), see {@link installed}. */
export async function redisProgram(): Promise<string> {
  return installed({
    what: 'redis-server',
    packages: ['redis-server'],
    onMac: 'brew install redis',
    find: () => firstExecutable(PATHS),
  });
}
