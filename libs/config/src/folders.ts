import { homedir } from 'node:os';
import path from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** The user's home; `/`, as containers have it, for a user id without an account. */
function home(): string {
  try {
    return homedir();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR') return '/';
    throw error;
  }
}

/** `$MITO_CONFIG_DIR`, else `mitosis` in the user's configuration folder (XDG base directories). */
export function configDir(env: Env): string {
  if (env.MITO_CONFIG_DIR) return env.MITO_CONFIG_DIR;
  return path.join(env.XDG_CONFIG_HOME ?? path.join(home(), '.config'), 'mitosis');
}

/**
 * Where `mito up` keeps its data: for root `/var/lib/mitosis` (PostgreSQL runs as an unprivileged
 * user, who can't reach into root's home), otherwise `mitosis` in the user's data folder.
 */
export function dataDir(env: Env, isRoot: boolean): string {
  if (isRoot) return '/var/lib/mitosis';
  return path.join(env.XDG_DATA_HOME ?? path.join(home(), '.local', 'share'), 'mitosis');
}
