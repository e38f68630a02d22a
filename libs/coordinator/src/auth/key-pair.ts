import { createPublicKey } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exportPKCS8, generateKeyPair, importPKCS8, importSPKI, type CryptoKey } from 'jose';

export const TOKEN_ALGORITHM = 'EdDSA';

/** The keys that sign and verify every token of a deployment. */
export interface KeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The private key in PKCS #8 form, from which other secrets of the deployment are derived. */
  readonly privatePem: string;
}

/** Creates a file of mode 0600 unless it exists: of two that try at once, one wins and both use its. */
async function createOnce(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, text, { mode: 0o600, flush: true });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads `private.pem` of `dir`, generating an Ed25519 key (RFC 8037) on first use, mode 0600. */
export async function loadKeyPair(dir: string): Promise<KeyPair> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, 'private.pem');
  if ((await readIfThere(file)) === undefined) {
    const fresh = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
    await createOnce(file, await exportPKCS8(fresh.privateKey));
  }
  const privatePem = await readFile(file, 'utf8');
  const publicPem = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' });
  return {
    privateKey: await importPKCS8(privatePem, TOKEN_ALGORITHM),
    publicKey: await importSPKI(publicPem.toString(), TOKEN_ALGORITHM),
    privatePem,
  };
}
