import { GetObjectCommand, PutObjectCommand, type S3Client, type UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { SignedRequest } from '../object-store.js';
import { assertExpiry } from '../signed-request-options.js';

/**
 * Presigns requests to the endpoint that workers and clients use. A command's length and its condition are
 * signed headers: a request with others is refused.
 */
export class S3Signer {
  constructor(
    private readonly client: S3Client,
    private readonly now: () => Date,
  ) {}

  async sign(
    command: GetObjectCommand | PutObjectCommand | UploadPartCommand,
    expiresInS: number,
  ): Promise<SignedRequest> {
    assertExpiry(expiresInS);
    const signedAt = new Date(Math.floor(this.now().getTime() / 1000) * 1000);
    const url = await this.urlOf(command, { expiresIn: expiresInS, signingDate: signedAt });
    const isOnce = command instanceof PutObjectCommand && command.input.IfNoneMatch !== undefined;
    return {
      method: command instanceof GetObjectCommand ? 'GET' : 'PUT',
      url,
      headers: isOnce ? { 'if-none-match': '*' } : {},
      expiresAt: new Date(signedAt.getTime() + expiresInS * 1000),
    };
  }

  private urlOf(
    command: GetObjectCommand | PutObjectCommand | UploadPartCommand,
    options: Parameters<typeof getSignedUrl>[2],
  ): Promise<string> {
    if (command instanceof GetObjectCommand) return getSignedUrl(this.client, command, options);
    if (command instanceof PutObjectCommand) return getSignedUrl(this.client, command, options);
    return getSignedUrl(this.client, command, options);
  }
}
