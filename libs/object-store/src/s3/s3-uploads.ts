import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  type ListMultipartUploadsCommandOutput,
  type ListPartsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { MitoError } from '@mitosis/domain';
import { abortableBody } from '../abortable-body.js';
import { objectExists, uploadIncomplete, uploadNotFound } from '../object-errors.js';
import { assertKeyPrefix, assertObjectKey } from '../object-key.js';
import type {
  MultipartUpload,
  MultipartUploads,
  ObjectInfo,
  SignedRequest,
  UnfinishedUpload,
  UploadedPart,
  UploadRef,
} from '../object-store.js';
import { missingParts, partSpan, planParts } from '../part-plan.js';
import { asking, QUICK } from './s3-connection.js';
import type { S3Signer } from './s3-signer.js';
import { sendBody } from './send-body.js';

interface TaggedPart extends UploadedPart {
  readonly etag: string;
}

export interface S3UploadsDeps {
  readonly client: S3Client;
  readonly bucket: string;
  readonly signer: S3Signer;
  readonly isWriteOnce: () => boolean;
  readonly head: (key: string) => Promise<ObjectInfo | undefined>;
}

/** S3's own multipart uploads; which parts have arrived is always asked of the store. */
export class S3Uploads implements MultipartUploads {
  constructor(private readonly deps: S3UploadsDeps) {}

  async begin(
    key: string,
    options: { readonly sizeBytes: number; readonly contentType?: string },
  ): Promise<MultipartUpload> {
    assertObjectKey(key);
    const plan = planParts(options.sizeBytes);
    const { client, bucket } = this.deps;
    const command = new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: options.contentType });
    const { UploadId } = await asking(() => client.send(command, QUICK), { key });
    if (UploadId === undefined) throw new Error('The object store began an upload without naming it.');
    return { key, uploadId: UploadId, sizeBytes: options.sizeBytes, ...plan };
  }

  async signPart(
    upload: MultipartUpload,
    partNumber: number,
    { expiresInS }: { readonly expiresInS: number },
  ): Promise<SignedRequest> {
    const { sizeBytes } = partSpan(upload, partNumber);
    return this.deps.signer.sign(
      new UploadPartCommand({ ...this.target(upload), PartNumber: partNumber, ContentLength: sizeBytes }),
      expiresInS,
    );
  }

  async putPart(
    upload: MultipartUpload,
    partNumber: number,
    body: Readable | Uint8Array,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { sizeBytes } = partSpan(upload, partNumber);
    await asking(
      () =>
        sendBody(abortableBody(body, signal), sizeBytes, (Body, abortSignal) =>
          this.deps.client.send(
            new UploadPartCommand({ ...this.target(upload), PartNumber: partNumber, ContentLength: sizeBytes, Body }),
            { abortSignal },
          ),
        ),
      { ...upload, signal },
    );
  }

  async parts(upload: MultipartUpload): Promise<readonly UploadedPart[]> {
    return (await this.taggedParts(upload)).map(({ partNumber, sizeBytes }) => ({ partNumber, sizeBytes }));
  }

  async complete(
    upload: MultipartUpload,
    { overwrite = false }: { readonly overwrite?: boolean } = {},
  ): Promise<ObjectInfo> {
    try {
      const parts = await this.taggedParts(upload);
      const missing = missingParts(upload.partCount, parts);
      if (missing.length > 0) throw uploadIncomplete(missing);
      const existing = overwrite ? undefined : await this.deps.head(upload.key);
      if (existing && existing.etag !== etagOf(parts)) throw objectExists(upload.key);
      if (!existing) await this.sendComplete(upload, parts, overwrite);
    } catch (error) {
      if (!(error instanceof MitoError) || error.code !== 'upload_not_found') throw error;
      return this.completedBefore(upload, error);
    }
    return this.completedBefore(upload, undefined);
  }

  async abort(upload: UploadRef): Promise<void> {
    try {
      await asking(() => this.deps.client.send(new AbortMultipartUploadCommand(this.target(upload)), QUICK), upload);
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind !== 'not-found') throw error;
    }
  }

  async *unfinished(prefix: string): AsyncGenerator<UnfinishedUpload, void, undefined> {
    assertKeyPrefix(prefix);
    let page: ListMultipartUploadsCommandOutput | undefined;
    do {
      const command = new ListMultipartUploadsCommand({
        Bucket: this.deps.bucket,
        Prefix: prefix,
        KeyMarker: page?.NextKeyMarker,
        UploadIdMarker: page?.NextUploadIdMarker,
      });
      page = await asking(() => this.deps.client.send(command, QUICK));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key !== undefined && UploadId !== undefined)
          yield { key: Key, uploadId: UploadId, startedAt: Initiated ?? new Date(0) };
      }
    } while (page.IsTruncated);
  }

  private async sendComplete(upload: MultipartUpload, parts: readonly TaggedPart[], overwrite: boolean): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      ...this.target(upload),
      MultipartUpload: { Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag })) },
      ...(!overwrite && this.deps.isWriteOnce() ? { IfNoneMatch: '*' } : {}),
    });
    await asking(() => this.deps.client.send(command), upload);
  }

  /** Parts of another size than planned do not count: they are to be sent again. */
  private async taggedParts(upload: MultipartUpload): Promise<TaggedPart[]> {
    const arrived: TaggedPart[] = [];
    let page: ListPartsCommandOutput | undefined;
    do {
      const command = new ListPartsCommand({ ...this.target(upload), PartNumberMarker: page?.NextPartNumberMarker });
      page = await asking(() => this.deps.client.send(command, QUICK), upload);
      for (const { PartNumber: partNumber, Size: sizeBytes, ETag: etag } of page.Parts ?? []) {
        if (partNumber === undefined || etag === undefined || partNumber > upload.partCount) continue;
        if (sizeBytes === partSpan(upload, partNumber).sizeBytes) arrived.push({ partNumber, sizeBytes, etag });
      }
    } while (page.IsTruncated);
    return arrived;
  }

  private async completedBefore(upload: MultipartUpload, cause: unknown): Promise<ObjectInfo> {
    const info = await this.deps.head(upload.key);
    if (info?.sizeBytes !== upload.sizeBytes) throw uploadNotFound(upload.uploadId, cause);
    return info;
  }

  private target({ key, uploadId }: UploadRef): {
    readonly Bucket: string;
    readonly Key: string;
    readonly UploadId: string;
  } {
    assertObjectKey(key);
    return { Bucket: this.deps.bucket, Key: key, UploadId: uploadId };
  }
}

/** The tag S3 gives an object made of these parts; some stores still know an upload that was completed. */
function etagOf(parts: readonly TaggedPart[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(etag.replaceAll('"', ''), 'hex');
  return `"${hash.digest('hex')}-${parts.length}"`;
}
