import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { errorCode, uploadNotFound } from '../object-errors.js';
import type { MultipartUpload } from '../object-store.js';
import { partSpan } from '../part-plan.js';

const COPY_BYTES = 2 ** 20;

/**
 * Moves every part to its place in `target`, each flushed before its file goes: the disk holds one part
 * twice at most, and a repetition continues where this one ended. Two at once write the same bytes.
 */
export async function assembleParts(
  target: string,
  upload: MultipartUpload,
  partFile: (partNumber: number) => string,
): Promise<void> {
  const file = await open(target, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    for (let partNumber = 1; partNumber <= upload.partCount; partNumber += 1) {
      const span = partSpan(upload, partNumber);
      const isMoved = await movePart(partFile(partNumber), file, span.offset);
      if (!isMoved && (await file.stat()).size < span.offset + span.sizeBytes) throw uploadNotFound(upload.uploadId);
    }
  } finally {
    await file.close();
  }
}

async function movePart(path: string, target: FileHandle, offset: number): Promise<boolean> {
  const part = await openIfThere(path);
  if (!part) return false;
  try {
    await copyTo(part, target, offset);
  } finally {
    await part.close();
  }
  await target.sync();
  await rm(path, { force: true });
  return true;
}

async function copyTo(source: FileHandle, target: FileHandle, offset: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  for (let position = offset; ;) {
    const { bytesRead } = await source.read(buffer, 0, COPY_BYTES);
    if (bytesRead === 0) return;
    for (let written = 0; written < bytesRead;) {
      written += (await target.write(buffer, written, bytesRead - written, position + written)).bytesWritten;
    }
    position += bytesRead;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
