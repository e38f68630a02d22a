import type { FileHandle } from 'node:fs/promises';
import { MitoError } from '@mitosis/domain';
import { openTaskFile } from './task-file.js';

/** A spool that may still grow. */
export interface GrowingSpool {
  readonly path: string;
  /** Bytes of it that may be read now. */
  readableBytes(): number;
  /** True once it grows no more. */
  hasEnded(): boolean;
  /** Settles when either of them may have changed, or `signal` is aborted. Never rejects. */
  change(signal: AbortSignal): Promise<void>;
}

export type OnChunk = (bytes: Buffer, offset: number) => Promise<void>;

const CHUNK_BYTES = 65_536;

/** Reads `spool` from byte `from` to its end, as `Execution.follow` promises it. */
export async function followSpool(
  spool: GrowingSpool,
  from: number,
  onChunk: OnChunk,
  signal: AbortSignal,
): Promise<void> {
  if (!Number.isSafeInteger(from) || from < 0) throw invalidOffset(from);
  let file: FileHandle | undefined;
  try {
    for (let at = from; !signal.aborted;) {
      const hasEnded = spool.hasEnded();
      const readable = spool.readableBytes();
      if (at < readable) {
        file ??= await openSpool(spool.path);
        at += await deliver(file, at, Math.min(readable - at, CHUNK_BYTES), onChunk);
      } else if (hasEnded) {
        if (at > readable) throw invalidOffset(from);
        return;
      } else {
        await spool.change(signal);
      }
    }
  } finally {
    await file?.close();
  }
}

async function deliver(file: FileHandle, at: number, length: number, onChunk: OnChunk): Promise<number> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
  if (bytesRead === 0) throw new MitoError('not-found', 'output_gone', 'The output was cut by the task');
  await onChunk(buffer.subarray(0, bytesRead), at);
  return bytesRead;
}

async function openSpool(path: string): Promise<FileHandle> {
  const gone = (cause?: unknown): MitoError =>
    new MitoError('not-found', 'output_gone', 'The output is no longer on the worker', { cause });
  const file = await openTaskFile(path).catch((error: unknown) => {
    throw gone(error);
  });
  if (!file) throw gone();
  return file;
}

function invalidOffset(from: number): MitoError {
  return new MitoError('invalid', 'invalid_offset', `The output has no byte ${from}`, { details: { field: 'from' } });
}
