import { S3ServiceException } from '@aws-sdk/client-s3';
import { MitoError } from '@mitosis/domain';
import {
  errorCode,
  objectExists,
  objectNotFound,
  objectTooLarge,
  rangeNotSatisfiable,
  storageFull,
  uploadNotFound,
} from '../object-errors.js';
import { SINGLE_PUT_MAX_BYTES } from '../part-plan.js';

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What the failed request was about. */
export interface S3Subject {
  readonly key?: string;
  readonly uploadId?: string;
}

/** Translates what the S3 client throws; what is not about the store stays as it is. */
export function asObjectError(error: unknown, subject: S3Subject): unknown {
  if (error instanceof S3ServiceException) return fromService(error, subject);
  const isNetwork =
    NETWORK_CODES.has(errorCode(error) ?? '') || (error instanceof Error && error.name === 'TimeoutError');
  return isNetwork ? unavailable('storage_unavailable', 'The object store cannot be reached.', error) : error;
}

/** The HTTP status of a refusal by the store. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function fromService(error: S3ServiceException, { key = '', uploadId = '' }: S3Subject): MitoError {
  switch (error.name) {
    case 'NoSuchBucket':
      return unavailable('storage_unavailable', 'The bucket of the object store does not exist.', error);
    case 'NoSuchUpload':
      return uploadNotFound(uploadId, error);
    case 'EntityTooLarge':
      return objectTooLarge(SINGLE_PUT_MAX_BYTES);
    case 'QuotaExceeded':
    case 'XMinioStorageFull':
      return storageFull(error);
    default:
      return fromStatus(error, key);
  }
}

function fromStatus(error: S3ServiceException, key: string): MitoError {
  switch (error.$metadata.httpStatusCode) {
    case 401:
    case 403:
      return unavailable('storage_denied', `The object store refuses our credentials (${describe(error)}).`, error);
    case 404:
      return objectNotFound(key, error);
    case 409:
    case 412:
      return objectExists(key, error);
    case 416:
      return rangeNotSatisfiable(undefined, error);
    case 507:
      return storageFull(error);
    default:
      return unavailable('storage_unavailable', `The object store answered ${describe(error)}.`, error);
  }
}

/** A response to HEAD has no body, and so no name; with these two statuses most stores mean the region. */
function describe({ name, $metadata: { httpStatusCode: status } }: S3ServiceException): string {
  if (!['Unknown', 'UnknownError'].includes(name)) return `${status ?? 'nothing'} ${name}`;
  return status === 400 || status === 301 ? `${status} (is s3_region right?)` : String(status ?? 'nothing');
}

function unavailable(code: string, message: string, cause: unknown): MitoError {
  return new MitoError('unavailable', code, message, { cause });
}
