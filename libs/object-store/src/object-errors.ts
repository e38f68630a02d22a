import { MitoError } from '@mitosis/domain';

export function objectNotFound(key: string, cause?: unknown): MitoError {
  return new MitoError('not-found', 'object_not_found', 'There is no such object.', { details: { key }, cause });
}

export function uploadNotFound(uploadId: string, cause?: unknown): MitoError {
  return new MitoError('not-found', 'upload_not_found', 'There is no such unfinished upload.', {
    details: { uploadId },
    cause,
  });
}

export function uploadIncomplete(missing: readonly number[]): MitoError {
  return new MitoError('conflict', 'upload_incomplete', `${missing.length} parts of the upload have not arrived.`, {
    details: { missing: missing.slice(0, 100) },
  });
}

export function objectExists(key: string, cause?: unknown): MitoError {
  return new MitoError('conflict', 'object_exists', 'The object exists already and may not be replaced.', {
    details: { key },
    cause,
  });
}

export function objectTooLarge(limitBytes: number): MitoError {
  return new MitoError('too-large', 'object_too_large', `The body is larger than the ${limitBytes} bytes allowed.`, {
    details: { limitBytes },
  });
}

export function sizeMismatch(expectedBytes: number, receivedBytes: number): MitoError {
  return new MitoError('invalid', 'size_mismatch', `The body has ${receivedBytes} bytes instead of ${expectedBytes}.`, {
    details: { expectedBytes, receivedBytes },
  });
}

/** `sizeBytes`: what the object has, where that is known. */
export function rangeNotSatisfiable(sizeBytes: number | undefined, cause?: unknown): MitoError {
  const details = sizeBytes === undefined ? {} : { sizeBytes };
  return new MitoError('invalid', 'range_not_satisfiable', 'The range holds no byte of the object.', {
    details,
    cause,
  });
}

export function objectChanged(): MitoError {
  return new MitoError('conflict', 'object_changed', 'The object is no longer the one asked for.');
}

export function storageFull(cause?: unknown): MitoError {
  return new MitoError('unavailable', 'storage_full', 'The object store has no space left.', { cause });
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The `code` of a system error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Turns "no space", "quota exceeded" and "file size limit" into `storage_full`; other errors stay as they are. */
export function asStorageFull(error: unknown): unknown {
  return FULL.has(errorCode(error) ?? '') ? storageFull(error) : error;
}
