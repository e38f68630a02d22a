import { randomUUID } from 'node:crypto';
import { decodeJwt, exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTHeaderParameters } from 'jose';
import type { loadKeyPair } from '@mitosis/coordinator';

type KeyPair = Awaited<ReturnType<typeof loadKeyPair>>;
type Purpose = 'user' | 'worker' | 'attempt';

export interface ForgedToken {
  readonly what: string;
  readonly token: string;
  /** As whom it is presented. */
  readonly at: 'user' | 'worker';
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600;

/** Tokens that are wrong in one respect each, made from good ones. */
export async function forgedTokens(
  keys: KeyPair,
  good: Readonly<Record<'user' | 'worker', string>>,
): Promise<ForgedToken[]> {
  const forged: ForgedToken[] = [];
  const spki = await exportSPKI(keys.publicKey);
  const other = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const ec = await generateKeyPair('ES256');
  const rsa = await generateKeyPair('RS256');
  for (const at of ['user', 'worker'] as const) {
    const add = (what: string, token: string): void => void forged.push({ what, token, at });
    const claims = decodeJwt(good[at]);
    const [header = '', payload = '', signature = ''] = good[at].split('.');
    const head = { alg: 'EdDSA', typ: `mito-${at}+jwt` };
    const sign = (
      changes: object,
      protectedHeader: JWTHeaderParameters = head,
      key: Parameters<SignJWT['sign']>[0] = keys.privateKey,
    ): Promise<string> => new SignJWT({ ...claims, ...changes }).setProtectedHeader(protectedHeader).sign(key);
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) add(`alg ${alg}`, `${encode({ ...head, alg })}.${payload}.`);
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      add(`${alg} with the public key as PEM`, await sign({}, { ...head, alg }, Buffer.from(spki.padEnd(64))));
      add(`${alg} with an empty-looking secret`, await sign({}, { ...head, alg }, Buffer.alloc(64)));
    }
    add('another key', await sign({}, head, other.privateKey));
    add('another curve', await sign({}, { ...head, alg: 'ES256' }, ec.privateKey));
    add('RSA', await sign({}, { ...head, alg: 'RS256' }, rsa.privateKey));
    add('a key in the header', await sign({}, { ...head, jwk: await exportJWK(other.publicKey) }, other.privateKey));
    add('a key elsewhere', await sign({}, { ...head, jku: 'http://127.0.0.1:1/keys' }, other.privateKey));
    for (const aud of ['mito:attempt', 'mito', `mito:${at === 'user' ? 'worker' : 'user'}`, []])
      add(`aud ${String(aud)}`, await sign({ aud }));
    add('another issuer', await sign({ iss: 'somebody' }));
    for (const typ of ['JWT', 'mito-attempt+jwt', `mito-${at === 'user' ? 'worker' : 'user'}+jwt`])
      add(`typ ${typ}`, await sign({}, { ...head, typ }));
    add('no type', await sign({}, { alg: 'EdDSA' }));
    for (const claim of ['exp', 'sub', 'jti', 'iat', 'iss', 'aud'])
      add(`no ${claim}`, await sign({ [claim]: undefined }));
    add('expired', await sign({ exp: 1 }));
    add('not yet valid', await sign({ nbf: inAnHour() }));
    add('an unknown subject', await sign({ sub: randomUUID() }));
    add('a subject that is not an id', await sign({ sub: "' OR 1=1 --" }));
    add('a changed payload', `${header}.${encode({ ...claims, sub: randomUUID() })}.${signature}`);
    add('no signature', `${header}.${payload}.`);
    add('half a signature', `${header}.${payload}.${signature.slice(0, 40)}`);
    add('five parts', `${good[at]}.x.y`);
    add('nonsense', 'a.b.c');
    for (const purpose of ['user', 'worker', 'attempt'] satisfies Purpose[]) {
      if (purpose === at) continue;
      add(`a token for ${purpose}`, await sign({ aud: `mito:${purpose}` }, { ...head, typ: `mito-${purpose}+jwt` }));
    }
    add('the token of the other kind', good[at === 'user' ? 'worker' : 'user']);
  }
  return forged;
}
