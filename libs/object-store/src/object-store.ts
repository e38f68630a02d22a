import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Service } from '@mitosis/domain';

/** Where the bytes go. `now` replaces the clock that dates signed requests (tests). */
export type ObjectStoreConfig = FolderStoreConfig | S3StoreConfig;

/** A folder of this machine; several coordinators may share it when it is one file system. */
export interface FolderStoreConfig {
  readonly kind: 'folder';
  readonly dir: string;
  /** Secret of the signed URLs, at least 32 bytes, the same on every coordinator. */
  readonly signingKey: Uint8Array;
  readonly now?: () => Date;
}

/** A bucket of any S3-compatible store. */
export interface S3StoreConfig {
  readonly kind: 's3';
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly forcePathStyle: boolean;
  /** Absent: AWS. */
  readonly endpoint?: string;
  /** The endpoint as workers and clients reach it, put into signed URLs; absent: `endpoint`. */
  readonly publicEndpoint?: string;
  readonly now?: () => Date;
}

/** What is known about an object without reading it. `etag` is quoted and changes with the bytes. */
export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  readonly etag: string;
}

/** An opened object. `body` holds `lengthBytes` bytes from `offset` on; read it to its end or destroy it. */
export interface ObjectContent extends ObjectInfo {
  readonly body: Readable;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** Bytes `start` to `end`, both included; without `end` to the end of the object. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface GetOptions {
  readonly range?: ByteRange;
  readonly signal?: AbortSignal;
}

export interface PutOptions {
  /** More bytes than this are refused with `too-large`, as soon as they are seen. */
  readonly limitBytes?: number;
  /** The exact size when it is known; any other is refused. Large streams to S3 need this or `limitBytes`
   *  to choose their parts (without: at most 8 GB where a store allows 1,000 parts). */
  readonly sizeBytes?: number;
  /** Kept by S3 only; signed downloads always say `application/octet-stream`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** What `put` stored; `sha256` in hexadecimal. */
export interface StoredObject {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * A request that whoever holds it may send, once or more, until `expiresAt`, with exactly these headers.
 * `url` is absolute for S3; for the folder store it is a path beginning with `/objects/` that the client
 * resolves against its coordinator. A PUT must carry a `Content-Length` of exactly the size signed.
 */
export interface SignedRequest {
  readonly method: 'GET' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
  /** The same request by way of the coordinator, without `headers`, for those who can't reach `url`. */
  readonly relayUrl?: string;
}

export interface SignGetOptions {
  /** 1 second to 7 days. */
  readonly expiresInS: number;
  /** The file name the download is saved under; any text, made safe. */
  readonly downloadName: string;
}

export interface SignPutOptions {
  /** 1 second to 7 days; checked when the request begins. */
  readonly expiresInS: number;
  /** The exact length the body must have, at most `SINGLE_PUT_MAX_BYTES`. */
  readonly sizeBytes: number;
  /** Allow an existing object to be replaced; by default the request is write-once. */
  readonly overwrite?: boolean;
}

/** Names a multipart upload. */
export interface UploadRef {
  readonly key: string;
  readonly uploadId: string;
}

/** A multipart upload and its plan: plain data, to be kept by the caller and passed back in any process. */
export interface MultipartUpload extends UploadRef {
  readonly sizeBytes: number;
  /** Size of every part but the last. */
  readonly partSizeBytes: number;
  readonly partCount: number;
}

export interface UnfinishedUpload extends UploadRef {
  readonly startedAt: Date;
}

export interface UploadedPart {
  /** From 1. */
  readonly partNumber: number;
  readonly sizeBytes: number;
}

/**
 * Uploads in parts that survive a restart of either side: ask `parts` what has arrived, send the rest,
 * `complete`. Nothing is visible under the key before that. An upload never completed occupies space
 * until `abort`; `unfinished` finds it.
 */
export interface MultipartUploads {
  /** `sizeBytes` is at least 1. */
  begin(key: string, options: { readonly sizeBytes: number; readonly contentType?: string }): Promise<MultipartUpload>;
  /** A PUT for one part; the same part may be sent again, the last one counts. */
  signPart(
    upload: MultipartUpload,
    partNumber: number,
    options: { readonly expiresInS: number },
  ): Promise<SignedRequest>;
  /** Stores one part from here; a part cut short is not stored. */
  putPart(
    upload: MultipartUpload,
    partNumber: number,
    body: Readable | Uint8Array,
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
  /** The parts that have arrived whole, by number. @throws `not-found` when the upload is unknown or over. */
  parts(upload: MultipartUpload): Promise<readonly UploadedPart[]>;
  /**
   * Makes the object visible. Repeating it after a lost reply succeeds.
   * @throws `conflict` `upload_incomplete` (`details.missing`: up to 100 part numbers), or `object_exists`.
   */
  complete(upload: MultipartUpload, options?: { readonly overwrite?: boolean }): Promise<ObjectInfo>;
  /** Forgets the upload and its parts; does nothing when it is unknown or over. */
  abort(upload: UploadRef): Promise<void>;
  unfinished(prefix: string): AsyncIterable<UnfinishedUpload>;
}

/** Serves what the coordinator signed itself; to be mounted so that it sees the whole path, `/objects/…`. */
export type SignedRequestHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Bytes by key. Every method refuses keys that `assertObjectKey` refuses. Errors are `MitoError`s:
 * `not-found`, `invalid`, `conflict`, `too-large`, and `unavailable` (`storage_full`, `storage_denied`,
 * `storage_unavailable`); an aborted `signal` rejects with its reason.
 * `start` is `prepare`; `stop` closes connections.
 */
export interface ObjectStore extends Service {
  /** Makes the folder or bucket if need be, and proves by writing that it can be used. */
  prepare(): Promise<void>;
  /** Whether a write-once request can never overwrite; known after `prepare`. False for S3 stores
   *  that lack conditional writes: there an existing object is refused only while signing. */
  readonly isWriteOnce: boolean;
  /** Stores an object, replacing any: it becomes visible whole, when all is on disk, or not at all. */
  put(key: string, body: Readable | Uint8Array, options?: PutOptions): Promise<StoredObject>;
  get(key: string, options?: GetOptions): Promise<ObjectContent>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Does nothing when there is no such object. */
  delete(key: string): Promise<void>;
  /** All objects whose key begins with `prefix`, in no particular order; constant memory. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** Does not look whether the object exists. */
  signGet(key: string, options: SignGetOptions): Promise<SignedRequest>;
  signPut(key: string, options: SignPutOptions): Promise<SignedRequest>;
  readonly multipart: MultipartUploads;
  /** Serves the requests that lead to the coordinator; undefined for S3, whose URLs lead to the store itself. */
  readonly handler: SignedRequestHandler | undefined;
}
