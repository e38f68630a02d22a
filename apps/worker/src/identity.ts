import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MitoError } from '@mitosis/domain';
import { WorkerIdentity } from '@mitosis/protocol';

/** The secret with which the worker of a folder says who it is. */
export interface Identity {
  readonly secret: string;
  /** A coordinator may know it. */
  readonly isKnown: boolean;
}

/** Drawn once for each work folder; whoever can read it can start the same worker. Throws `identity_damaged`. */
export async function identityOf(workDir: string): Promise<Identity> {
  const file = path.join(workDir, 'identity');
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (known !== undefined) {
    const secret = WorkerIdentity.safeParse(known.trim());
    if (secret.success) return { secret: secret.data, isKnown: true };
    const message = `${file} is damaged: it holds no identity of a worker. Remove it; the worker then registers again.`;
    throw new MitoError('invalid', 'identity_damaged', message);
  }
  const secret = `mitowid_${randomBytes(32).toString('base64url')}`;
  await writeFile(file, `${secret}\n`, { mode: 0o600, flush: true, flag: 'wx' });
  return { secret, isKnown: false };
}
