import { createHmac, createPrivateKey, hkdfSync } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT, type JWTVerifyOptions } from 'jose';
import { MitoError } from '@mitosis/domain';
import { TOKEN_ALGORITHM, type KeyPair } from './key-pair.js';

const ISSUER = 'mitosis';

/** What a token is for. Each purpose has its own `typ` and `aud`, so that none passes for another. */
export type TokenPurpose = 'user' | 'worker' | 'attempt';

export interface TokenClaims {
  /** User id, worker id, or task id. */
  readonly subject: string;
  /** Session id for users; makes a single token revocable. */
  readonly id: string;
}

/** Of attempt tokens, which only coordinators read: an HMAC costs 5 us of processor time, a signature 170. */
const ATTEMPT_ALGORITHM = 'HS256';
const ATTEMPT_HEADER = base64({ alg: ATTEMPT_ALGORITHM, typ: 'mito-attempt+jwt' });

/** Signs and verifies the JWTs of a deployment (RFC 7519, RFC 8725: pinned algorithm, explicit type). */
export class Tokens {
  /** For nothing but attempt tokens; every replica derives the same. */
  private readonly attemptKey: Uint8Array;

  constructor(private readonly keys: KeyPair) {
    // From the key itself: its text may be wrapped differently on another replica.
    const secret = createPrivateKey(keys.privatePem).export({ type: 'pkcs8', format: 'der' });
    this.attemptKey = new Uint8Array(hkdfSync('sha256', secret, '', 'mitosis attempt tokens', 32));
  }

  async sign(purpose: TokenPurpose, claims: TokenClaims, expiresAt: Date): Promise<string> {
    if (purpose === 'attempt') return this.signAttempt(claims, expiresAt);
    return new SignJWT()
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: `mito-${purpose}+jwt` })
      .setIssuer(ISSUER)
      .setAudience(`mito:${purpose}`)
      .setSubject(claims.subject)
      .setJti(claims.id)
      .setIssuedAt()
      .setExpirationTime(lastSecond(expiresAt))
      .sign(this.keys.privateKey);
  }

  /** A token for one attempt. Synchronous, for one is made at every claim. */
  signAttempt({ subject, id }: TokenClaims, expiresAt: Date): string {
    const [iat, exp] = [Math.floor(Date.now() / 1000), lastSecond(expiresAt)];
    const payload = base64({ iss: ISSUER, aud: 'mito:attempt', sub: subject, jti: id, iat, exp });
    const signed = `${ATTEMPT_HEADER}.${payload}`;
    return `${signed}.${createHmac('sha256', this.attemptKey).update(signed).digest('base64url')}`;
  }

  /** What a token says that it is for, unverified; undefined for what is not a token of ours. */
  purposeOf(token: string): TokenPurpose | undefined {
    try {
      const { typ } = decodeProtectedHeader(token);
      return (['user', 'worker', 'attempt'] as const).find((purpose) => typ === `mito-${purpose}+jwt`);
    } catch {
      // No JWT at all: whoever verifies it says so.
      return undefined;
    }
  }

  /** Throws `invalid_token` (401) for anything that was not signed here for exactly this purpose. */
  async verify(purpose: TokenPurpose, token: string): Promise<TokenClaims> {
    try {
      const expected: JWTVerifyOptions = {
        typ: `mito-${purpose}+jwt`,
        issuer: ISSUER,
        audience: `mito:${purpose}`,
        requiredClaims: ['sub', 'jti', 'iat', 'exp'],
      };
      // Each algorithm has a key of its own. Attempts of an earlier version have a signature.
      const hasMac = purpose === 'attempt' && decodeProtectedHeader(token).alg === ATTEMPT_ALGORITHM;
      const { payload } = hasMac
        ? await jwtVerify(token, this.attemptKey, { ...expected, algorithms: [ATTEMPT_ALGORITHM] })
        : await jwtVerify(token, this.keys.publicKey, { ...expected, algorithms: [TOKEN_ALGORITHM] });
      return { subject: String(payload.sub), id: String(payload.jti) };
    } catch (cause) {
      throw new MitoError('unauthenticated', 'invalid_token', 'the token is not valid or has expired; log in again', {
        cause,
      });
    }
  }
}

/** A NumericDate in whole seconds, rounded up: rounded down, a token would end before it is said to. */
function lastSecond(expiresAt: Date): number {
  return Math.ceil(expiresAt.getTime() / 1000);
}

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
