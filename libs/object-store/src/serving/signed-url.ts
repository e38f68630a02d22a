import { createHmac, timingSafeEqual } from 'node:crypto';
import { cutText, invalidField, MitoError, storableText } from '@mitosis/domain';
import { assertObjectKey } from '../object-key.js';

/** What a signed URL of the folder store allows. */
export type Grant =
  | { readonly purpose: 'get'; readonly key: string; readonly downloadName: string }
  | { readonly purpose: 'put'; readonly key: string; readonly sizeBytes: number; readonly overwrite: boolean }
  | {
      readonly purpose: 'part';
      readonly key: string;
      readonly sizeBytes: number;
      readonly uploadId: string;
      readonly partNumber: number;
    };

const BASE = '/objects/';
const KEY_BYTES_MIN = 32;
const WHOLE = /^\d{1,15}$/;

/**
 * Signs and reads `/objects/<key>?…` URLs. An HMAC-SHA256 covers purpose, key, every parameter and the
 * expiry; a URL with anything added, changed or taken away is refused.
 */
export class UrlSigner {
  constructor(
    private readonly signingKey: Uint8Array,
    private readonly now: () => Date,
  ) {
    if (signingKey.byteLength < KEY_BYTES_MIN)
      throw invalidField('signingKey', `must have at least ${KEY_BYTES_MIN} bytes`);
  }

  sign(grant: Grant, expiresAt: Date): string {
    const query = new URLSearchParams({ ...parametersOf(grant), exp: String(Math.floor(expiresAt.getTime() / 1000)) });
    query.set('sig', this.signature(grant.key, query));
    return `${BASE}${grant.key.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`;
  }

  /** @throws MitoError `forbidden`: `invalid_signature` or `url_expired`. */
  verify(url: string): Grant {
    const [path = '', search = '', ...rest] = url.split('?');
    const key = rest.length === 0 ? keyOf(path) : undefined;
    const query = new URLSearchParams(search);
    if (key === undefined || !this.isSigned(key, query)) throw invalidSignature();
    if (Number(query.get('exp')) * 1000 <= this.now().getTime()) {
      throw new MitoError('forbidden', 'url_expired', 'The signed URL has expired.');
    }
    return grantOf(key, query);
  }

  private isSigned(key: string, query: URLSearchParams): boolean {
    const claimed = Buffer.from(query.get('sig') ?? '', 'base64url');
    const signed = Buffer.from(this.signature(key, query), 'base64url');
    return claimed.byteLength === signed.byteLength && timingSafeEqual(claimed, signed);
  }

  private signature(key: string, query: URLSearchParams): string {
    const parameters = [...query].filter(([name]) => name !== 'sig').sort(([a], [b]) => (a < b ? -1 : 1));
    return createHmac('sha256', this.signingKey)
      .update(JSON.stringify(['mitosis-object-url-1', key, parameters]))
      .digest('base64url');
  }
}

function parametersOf(grant: Grant): Record<string, string> {
  switch (grant.purpose) {
    case 'get':
      return { for: 'get', name: cutText(storableText(grant.downloadName), 300) };
    case 'put':
      return { for: grant.overwrite ? 'replace' : 'put', size: String(grant.sizeBytes) };
    case 'part':
      return { for: 'part', size: String(grant.sizeBytes), upload: grant.uploadId, part: String(grant.partNumber) };
  }
}

function grantOf(key: string, query: URLSearchParams): Grant {
  const purpose = query.get('for');
  if (purpose === 'get') return { purpose, key, downloadName: query.get('name') ?? '' };
  const sizeBytes = wholeOf(query.get('size'));
  if (purpose === 'put' || purpose === 'replace')
    return { purpose: 'put', key, sizeBytes, overwrite: purpose === 'replace' };
  if (purpose === 'part')
    return { purpose, key, sizeBytes, uploadId: query.get('upload') ?? '', partNumber: wholeOf(query.get('part')) };
  throw invalidSignature();
}

function wholeOf(text: string | null): number {
  if (text === null || !WHOLE.test(text)) throw invalidSignature();
  return Number(text);
}

function keyOf(path: string): string | undefined {
  if (!path.startsWith(BASE)) return undefined;
  try {
    const key = decodeURIComponent(path.slice(BASE.length));
    assertObjectKey(key);
    return key;
  } catch (error) {
    // Whatever is wrong with the path, we did not sign it.
    if (error instanceof URIError || error instanceof MitoError) return undefined;
    throw error;
  }
}

function invalidSignature(): MitoError {
  return new MitoError('forbidden', 'invalid_signature', 'The URL is not one that was signed here.');
}
