import { createPrivateKey } from 'node:crypto';
import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Finding } from '@mitosis/domain';
import { failure, ok, reasonOf, warning } from './check.js';

const FREE_BYTES = 2 ** 30;

export interface FilesToCheck {
  readonly stateDir: string;
  /** With the generated password of the first administrator. */
  readonly passwordFile: string;
  /** Less than this is too little room. */
  readonly freeBytes?: number | undefined;
}

/** Looks at the folder of a coordinator: room, keys, who can read them. Never throws. */
export async function checkFiles({ stateDir, passwordFile, freeBytes = FREE_BYTES }: FilesToCheck): Promise<Finding[]> {
  const folder = await checkFolder(stateDir);
  if (folder.status !== 'ok') return [folder];
  return [
    folder,
    await checkRoom(stateDir, freeBytes),
    await checkKey(path.join(stateDir, 'keys', 'private.pem')),
    await checkSecret(passwordFile),
  ];
}

async function checkFolder(stateDir: string): Promise<Finding> {
  try {
    const found = await stat(stateDir);
    if (!found.isDirectory())
      return failure('state-dir', `${stateDir} is not a folder`, 'move the file away, or set state_dir to a folder');
    await access(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok('state-dir', `${stateDir} can be written`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return warning(
        'state-dir',
        `${stateDir} does not exist yet`,
        'the coordinator makes it at its start; see that state_dir is the one you mean',
      );
    return failure(
      'state-dir',
      `${stateDir} can't be used: ${reasonOf(error)}`,
      'let the user of the coordinator own it (chown), or set state_dir',
    );
  }
}

async function checkRoom(dir: string, freeBytes: number): Promise<Finding> {
  try {
    const { bavail, bsize, ffree, files } = await statfs(dir);
    const found = `${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free at ${dir}`;
    if (files > 0 && ffree === 0)
      return failure('disk.free', `no inode is free at ${dir}`, 'remove files, or use a larger disk');
    return bavail * bsize >= freeBytes
      ? ok('disk.free', found)
      : failure('disk.free', found, 'make room: nothing is stored on a full disk');
  } catch (error) {
    return warning('disk.free', `the room at ${dir} is not known: ${reasonOf(error)}`, 'look at it with df');
  }
}

async function checkKey(file: string): Promise<Finding> {
  try {
    const key = createPrivateKey(await readFile(file, 'utf8'));
    if (key.asymmetricKeyType !== 'ed25519')
      return failure('keys', `${file} is not an Ed25519 key`, 'restore the key of this deployment from your backup');
    return (await stat(file)).mode & 0o077
      ? failure(
          'keys',
          `others can read ${file}`,
          `chmod 600 ${file}, and replace the key: whoever has it can log in as anybody`,
        )
      : ok('keys', 'the key is there and private');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return warning('keys', 'there is no key yet', 'the first start makes one; all replicas need the same');
    return failure(
      'keys',
      `${file} can't be read as a key: ${reasonOf(error)}`,
      'restore it from your backup; a new one ends every login and every worker',
    );
  }
}

async function checkSecret(file: string): Promise<Finding> {
  try {
    const { mode } = await stat(file);
    if (mode & 0o077)
      return failure('admin-password', `others can read ${file}`, `chmod 600 ${file}, and change the password`);
    return warning(
      'admin-password',
      `${file} still holds the generated password`,
      'change the password, then remove the file',
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok('admin-password', 'no password lies around');
    return failure(
      'admin-password',
      `${file} can't be looked at: ${reasonOf(error)}`,
      'let the user of the coordinator own it',
    );
  }
}
