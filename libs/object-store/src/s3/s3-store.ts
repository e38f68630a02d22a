import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type GetObjectCommandOutput,
  type HeadObjectCommandOutput,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { MitoError } from '@mitosis/domain';
import { abortableBody } from '../abortable-body.js';
import { attachmentDisposition } from '../attachment-disposition.js';
import { assertRange } from '../byte-range.js';
import { MeteredBody } from '../metered-body.js';
import { objectExists } from '../object-errors.js';
import { assertKeyPrefix, assertObjectKey } from '../object-key.js';
import type {
  ByteRange,
  GetOptions,
  MultipartUploads,
  ObjectContent,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  S3StoreConfig,
  SignedRequest,
  SignGetOptions,
  SignPutOptions,
  StoredObject,
} from '../object-store.js';
import { streamPartBytes } from '../part-plan.js';
import { assertPutSize } from '../signed-request-options.js';
import { ensureBucket, probeWriteOnce } from './s3-bucket.js';
import { asking, QUICK, s3Client } from './s3-connection.js';
import { S3Signer } from './s3-signer.js';
import { S3Uploads } from './s3-uploads.js';

/** Parts of one stream on their way at once; each is held in memory. */
const PARTS_AT_ONCE = 2;

/** Objects in a bucket; workers and clients reach it themselves through presigned URLs. */
export class S3Store implements ObjectStore {
  readonly handler = undefined;
  readonly multipart: MultipartUploads;
  private readonly client: S3Client;
  private readonly publicClient: S3Client;
  private readonly signer: S3Signer;
  private readonly bucket: string;
  private writeOnce = false;

  constructor(config: S3StoreConfig) {
    this.bucket = config.bucket;
    this.client = s3Client(config, config.endpoint);
    this.publicClient = config.publicEndpoint === undefined ? this.client : s3Client(config, config.publicEndpoint);
    this.signer = new S3Signer(this.publicClient, config.now ?? (() => new Date()));
    this.multipart = new S3Uploads({
      client: this.client,
      bucket: this.bucket,
      signer: this.signer,
      isWriteOnce: () => this.writeOnce,
      head: (key) => this.head(key),
    });
  }

  get isWriteOnce(): boolean {
    return this.writeOnce;
  }

  async start(): Promise<void> {
    await this.prepare();
  }

  async stop(): Promise<void> {
    this.client.destroy();
    this.publicClient.destroy();
  }

  async prepare(): Promise<void> {
    await asking(async () => {
      await ensureBucket(this.client, this.bucket);
      this.writeOnce = await probeWriteOnce(this.client, this.bucket);
    });
  }

  async put(key: string, body: Readable | Uint8Array, options: PutOptions = {}): Promise<StoredObject> {
    assertObjectKey(key);
    const { signal } = options;
    const metered = new MeteredBody(abortableBody(body, signal), options);
    const stream = Readable.from(metered.read(), { objectMode: false });
    const params = {
      Bucket: this.bucket,
      Key: key,
      Body: stream,
      ContentType: options.contentType ?? 'application/octet-stream',
    };
    const partSize = streamPartBytes(options.sizeBytes ?? options.limitBytes);
    // Not stopped through its own `abort`, which does not wait: a broken source ends it, parts and all.
    await asking(() => new Upload({ client: this.client, params, partSize, queueSize: PARTS_AT_ONCE }).done(), {
      key,
      signal,
    });
    return { sizeBytes: metered.sizeBytes, sha256: metered.sha256() };
  }

  async get(key: string, { range, signal }: GetOptions = {}): Promise<ObjectContent> {
    assertObjectKey(key);
    if (range) assertRange(range);
    const command = new GetObjectCommand({ Bucket: this.bucket, Key: key, Range: rangeHeader(range) });
    const answer = await asking(
      () => this.client.send(command, { ...QUICK, ...(signal ? { abortSignal: signal } : {}) }),
      { key, signal },
    );
    const lengthBytes = answer.ContentLength ?? 0;
    const info = infoOf(key, answer, totalOf(answer));
    return { ...info, offset: range?.start ?? 0, lengthBytes, body: bodyOf(answer, signal) };
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    assertObjectKey(key);
    try {
      const answer = await asking(
        () => this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }), QUICK),
        { key },
      );
      return infoOf(key, answer, answer.ContentLength ?? 0);
    } catch (error) {
      if (error instanceof MitoError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    assertObjectKey(key);
    try {
      await asking(() => this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }), QUICK), { key });
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind !== 'not-found') throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
    assertKeyPrefix(prefix);
    let page: ListObjectsV2CommandOutput | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: prefix,
        ContinuationToken: page?.NextContinuationToken,
      });
      page = await asking(() => this.client.send(command, QUICK));
      for (const { Key, Size, ...rest } of page.Contents ?? []) {
        if (Key !== undefined) yield infoOf(Key, rest, Size ?? 0);
      }
    } while (page.IsTruncated);
  }

  async signGet(key: string, { expiresInS, downloadName }: SignGetOptions): Promise<SignedRequest> {
    assertObjectKey(key);
    const command = new GetObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ResponseContentDisposition: attachmentDisposition(downloadName),
      ResponseContentType: 'application/octet-stream',
      ResponseCacheControl: 'private, no-store',
    });
    return this.signer.sign(command, expiresInS);
  }

  async signPut(key: string, { expiresInS, sizeBytes, overwrite = false }: SignPutOptions): Promise<SignedRequest> {
    assertPutSize(sizeBytes);
    assertObjectKey(key);
    if (!overwrite && !this.writeOnce && (await this.head(key))) throw objectExists(key);
    const once = !overwrite && this.writeOnce ? { IfNoneMatch: '*' } : {};
    return this.signer.sign(
      new PutObjectCommand({ Bucket: this.bucket, Key: key, ContentLength: sizeBytes, ...once }),
      expiresInS,
    );
  }
}

function infoOf(
  key: string,
  answer: Pick<HeadObjectCommandOutput, 'ETag' | 'LastModified'>,
  sizeBytes: number,
): ObjectInfo {
  return { key, sizeBytes, lastModified: answer.LastModified ?? new Date(0), etag: answer.ETag ?? '""' };
}

function totalOf({ ContentRange, ContentLength }: GetObjectCommandOutput): number {
  const total = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
  return total === undefined ? (ContentLength ?? 0) : Number(total);
}

function rangeHeader(range: ByteRange | undefined): string | undefined {
  return range && `bytes=${range.start}-${range.end ?? ''}`;
}

function bodyOf({ Body }: GetObjectCommandOutput, signal: AbortSignal | undefined): Readable {
  if (!(Body instanceof Readable)) throw new Error('The S3 client did not answer with a stream.');
  return abortableBody(Body, signal) as Readable;
}
