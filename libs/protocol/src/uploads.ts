import { z } from 'zod';
import { SignedRequest } from './artifacts.js';
import { CheckpointNumber } from './checkpoints.js';
import { Sha256, Timestamp, Uuid } from './fields.js';
import { AttemptLease } from './resources.js';

/** The most that one object may have: S3's own 5 TiB. */
const OBJECT_MAX_BYTES = 5 * 2 ** 40;

/** Files above this size travel in parts, which can be resumed. */
export const SINGLE_UPLOAD_MAX_BYTES = 64 * 2 ** 20;

/** Parts whose requests are signed at a time. */
export const PARTS_SIGNED_MAX = 100;

/** The facts about a file before it is sent. */
export const FileFacts = z.strictObject({ size_bytes: z.int().min(0).max(OBJECT_MAX_BYTES), sha256: Sha256 });
export type FileFacts = z.output<typeof FileFacts>;

/**
 * Room was reserved: send the bytes with `single`, or in `part_count` parts, and then complete the
 * upload. `is_stored`: the object is there already, an earlier answer was lost.
 */
export const UploadTicket = z.object({
  upload: Uuid,
  is_stored: z.boolean(),
  single: SignedRequest.nullable(),
  part_size_bytes: z.int().min(0),
  part_count: z.int().min(0),
});
export type UploadTicket = z.output<typeof UploadTicket>;

/** The parts of an upload that have not arrived, by number from 1. */
export const MissingParts = z.object({ missing: z.array(z.int().min(1)) });
export type MissingParts = z.output<typeof MissingParts>;

/** Which parts are to be sent now. */
export const SignParts = z.strictObject({ part_numbers: z.array(z.int().min(1)).min(1).max(PARTS_SIGNED_MAX) });

/** As `SignParts`, by the worker of an attempt. */
export const SignAttemptParts = SignParts.extend(AttemptLease.shape);

/** The body of `POST /workers/me/checkpoints`: its upload is done, it becomes the newest checkpoint of the task. */
export const StoreCheckpoint = z.strictObject({ ...AttemptLease.shape, number: CheckpointNumber });
export type StoreCheckpoint = z.output<typeof StoreCheckpoint>;

export const SignedParts = z.object({ parts: z.array(z.object({ part_number: z.int(), request: SignedRequest })) });
export type SignedParts = z.output<typeof SignedParts>;

/** What was stored, as counted in the quota of the group. */
export const StoredFile = z.object({ name: z.string(), size_bytes: z.int(), sha256: Sha256 });
export type StoredFile = z.output<typeof StoredFile>;

/** The body of `POST /admin/storage/check`. */
export const CheckStorage = z.strictObject({
  /** Delete objects without rows, drop rows without objects, correct what groups are charged. */
  repair: z.boolean().default(false),
});

const Finding = z.object({ key: z.string(), size_bytes: z.int() });

/** What a comparison of the store with the database found; each list ends at 1,000 entries, counts do not. */
export const StorageReport = z.object({
  checked_at: Timestamp,
  is_clean: z.boolean(),
  is_repaired: z.boolean(),
  objects: z.int(),
  bytes: z.int(),
  /** Objects that uploads under way or the collector account for. */
  pending: z.int(),
  objects_without_rows_count: z.int(),
  objects_without_rows: z.array(Finding),
  rows_without_objects_count: z.int(),
  rows_without_objects: z.array(Finding),
  unfinished_without_rows_count: z.int(),
  groups_miscounted: z.array(
    z.object({
      group: z.string(),
      used_bytes: z.int(),
      stored_bytes: z.int(),
      reserved_bytes: z.int(),
      expected_reserved_bytes: z.int(),
    }),
  ),
});
export type StorageReport = z.output<typeof StorageReport>;
