import { assertObjectKey } from '../object-key.js';
import type { MultipartUpload, SignedRequest, SignGetOptions, SignPutOptions } from '../object-store.js';
import { partSpan } from '../part-plan.js';
import { assertExpiry, assertPutSize } from '../signed-request-options.js';
import type { Grant, UrlSigner } from './signed-url.js';

/** Makes the signed requests that a coordinator serves itself; their URLs are paths. */
export class GrantSigner {
  constructor(
    private readonly signer: UrlSigner,
    private readonly now: () => Date,
  ) {}

  get(key: string, { expiresInS, downloadName }: SignGetOptions): SignedRequest {
    return this.signed('GET', { purpose: 'get', key, downloadName }, expiresInS);
  }

  put(key: string, { expiresInS, sizeBytes, overwrite = false }: SignPutOptions): SignedRequest {
    assertPutSize(sizeBytes);
    return this.signed('PUT', { purpose: 'put', key, sizeBytes, overwrite }, expiresInS);
  }

  part(
    { key, uploadId, ...plan }: MultipartUpload,
    partNumber: number,
    { expiresInS }: { readonly expiresInS: number },
  ): SignedRequest {
    const { sizeBytes } = partSpan(plan, partNumber);
    return this.signed('PUT', { purpose: 'part', key, uploadId, partNumber, sizeBytes }, expiresInS);
  }

  private signed(method: 'GET' | 'PUT', grant: Grant, expiresInS: number): SignedRequest {
    assertObjectKey(grant.key);
    assertExpiry(expiresInS);
    const expiresAt = new Date((Math.floor(this.now().getTime() / 1000) + expiresInS) * 1000);
    return { method, url: this.signer.sign(grant, expiresAt), headers: {}, expiresAt };
  }
}
