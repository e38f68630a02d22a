import { invalidField } from '@mitosis/domain';

/** The most a single PUT may carry (S3's own limit, 5 GiB); more goes in parts. */
export const SINGLE_PUT_MAX_BYTES = 5 * 2 ** 30;

const MIB = 2 ** 20;
const PART_BYTES = 16 * MIB;
/** S3 allows 10,000; some stores (OpenStack Swift) only 1,000. */
const PARTS_MAX = 1000;

/** The most an object may have: 1,000 parts of 5 GiB, near S3's own 5 TiB. */
export const OBJECT_MAX_BYTES = PARTS_MAX * SINGLE_PUT_MAX_BYTES;

export interface PartPlan {
  readonly partSizeBytes: number;
  readonly partCount: number;
}

/** Cuts an object into equal parts of whole MiB, 16 MiB or more, at most 1,000 of them; the last is shorter. */
export function planParts(sizeBytes: number): PartPlan {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > OBJECT_MAX_BYTES) {
    throw invalidField('sizeBytes', `must be a whole number from 1 to ${OBJECT_MAX_BYTES}`);
  }
  const partSizeBytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / PARTS_MAX / MIB) * MIB);
  return { partSizeBytes, partCount: Math.ceil(sizeBytes / partSizeBytes) };
}

/** Where part `partNumber` (from 1) of an upload lies in the object. @throws MitoError `invalid`. */
export function partSpan(
  upload: PartPlan & { readonly sizeBytes: number },
  partNumber: number,
): { readonly offset: number; readonly sizeBytes: number } {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > upload.partCount) {
    throw invalidField('partNumber', `must be from 1 to ${upload.partCount}`);
  }
  const offset = (partNumber - 1) * upload.partSizeBytes;
  return { offset, sizeBytes: Math.min(upload.partSizeBytes, upload.sizeBytes - offset) };
}

/** The part numbers of an upload that `arrived` does not hold. */
export function missingParts(partCount: number, arrived: Iterable<{ readonly partNumber: number }>): number[] {
  const present = new Set([...arrived].map(({ partNumber }) => partNumber));
  return Array.from({ length: partCount }, (_, index) => index + 1).filter((number) => !present.has(number));
}

/** Part size of a stream to S3 whose length is at most `expectedBytes`; a few parts are held in memory. */
export function streamPartBytes(expectedBytes: number | undefined): number {
  const needed = Math.ceil((expectedBytes ?? 0) / PARTS_MAX / MIB) * MIB;
  return Math.min(64 * MIB, Math.max(8 * MIB, needed));
}
