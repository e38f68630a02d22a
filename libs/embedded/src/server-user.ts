import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { MitoError } from '@mitosis/domain';
import type { RunAs } from './guarded-child.js';

const run = promisify(execFile);

/** Users that may own a cluster when this process is root: the distribution's, else one of our own. */
const USER_NAMES = ['postgres', 'mitosis'] as const;

/** How common systems make a system user without a home or a login. */
const CREATE_COMMANDS: readonly (readonly [string, ...string[]])[] = [
  [
    'useradd',
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    'mitosis',
  ],
  ['adduser', '-S', '-D', '-H', '-h', '/nonexistent', '-s', '/sbin/nologin', 'mitosis'],
];

/**
 * The user the server runs as: undefined (this process's own) unless this process is root, which
 * PostgreSQL refuses. For root it is `postgres`, else `mitosis`, which is created when missing.
 * Throws unavailable `no_server_user` when none can be had, also when this process's own has no account.
 */
export async function serverUser(): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) {
    assertAccount();
    return undefined;
  }
  for (const name of USER_NAMES) {
    const user = await lookUp(name);
    if (user !== undefined) return user;
  }
  return await createUser();
}

/** `initdb` looks up the name of its user; a container may run with a user id that has none. */
function assertAccount(): void {
  try {
    userInfo();
  } catch (cause) {
    const message =
      `PostgreSQL does not run as user id ${process.getuid?.()}, which has no account: ` +
      'start mito as another user, or a coordinator with a database of your own';
    throw new MitoError('unavailable', 'no_server_user', message, { cause });
  }
}

async function createUser(): Promise<RunAs> {
  const failures: string[] = [];
  for (const [program, ...args] of CREATE_COMMANDS) {
    // A user that another process made meanwhile makes the command fail and the look-up succeed.
    const failure = await run(program, args, { timeout: 10_000 }).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (failure !== undefined) failures.push(failure);
    const user = await lookUp('mitosis');
    if (user !== undefined) return user;
  }
  throw new MitoError(
    'unavailable',
    'no_server_user',
    'PostgreSQL does not run as root, and no system user "mitosis" could be created for it; ' +
      'create a user "mitosis" or "postgres", or start mito as an ordinary user',
    { details: { failures } },
  );
}

async function lookUp(name: string): Promise<RunAs | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch (error) {
    // `id` returns 1 for an unknown user; anything else (no such program) is worth hearing about.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 1) return undefined;
    throw error;
  }
}
