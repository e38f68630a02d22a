import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import type { RunAs } from './guarded-child.js';

/**
 * The outermost folder on the way to `path` (an absolute path without symlinks) that `user` may not
 * enter; undefined when the user gets there. Asked of the system itself, so that ACLs count.
 */
export async function folderInTheWay(path: string, user: RunAs | undefined): Promise<string | undefined> {
  if (user === undefined || (await canEnter(path, user))) return undefined;
  for (const folder of ancestors(path)) {
    if (!(await canEnter(folder, user))) return folder;
  }
  return undefined;
}

/** From the root down to `path` itself. */
function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), path];
}

async function canEnter(folder: string, user: RunAs): Promise<boolean> {
  const probe = spawn('/bin/sh', ['-c', 'cd -- "$1"', 'probe', folder], {
    cwd: '/',
    env: {},
    stdio: 'ignore',
    uid: user.uid,
    gid: user.gid,
  });
  const [code] = (await once(probe, 'exit')) as [number | null];
  return code === 0;
}
