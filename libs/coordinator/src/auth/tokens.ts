import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
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

/** Signs and verifies the JWTs of a deployment (RFC 7519, RFC 8725: pinned algorithm, explicit type). */
export class Tokens {
  constructor(private readonly keys: KeyPair) {}

  async sign(purpose: TokenPurpose, claims: TokenClaims, expiresAt: Date): Promise<string> {
    return (
      new SignJWT()
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: `mito-${purpose}+jwt` })
        .setIssuer(ISSUER)
        .setAudience(`mito:${purpose}`)
        .setSubject(claims.subject)
        .setJti(claims.id)
        .setIssuedAt()
        // A NumericDate in whole seconds, rounded up: rounded down, a token would end before it is said to.
        .setExpirationTime(Math.ceil(expiresAt.getTime() / 1000))
        .sign(this.keys.privateKey)
    );
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
      const { payload } = await jwtVerify(token, this.keys.publicKey, {
        algorithms: [TOKEN_ALGORITHM],
        typ: `mito-${purpose}+jwt`,
        issuer: ISSUER,
        audience: `mito:${purpose}`,
        requiredClaims: ['sub', 'jti', 'iat', 'exp'],
      });
      return { subject: String(payload.sub), id: String(payload.jti) };
    } catch (cause) {
      throw new MitoError('unauthenticated', 'invalid_token', 'the token is not valid or has expired; log in again', {
        cause,
      });
    }
  }
}
