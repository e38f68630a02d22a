import { z } from 'zod';
import { SignedRequest } from './artifacts.js';
import { AttemptNumber, Sha256, Timestamp } from './fields.js';

/** Which checkpoint of its attempt it is, from 1. */
export const CheckpointNumber = z.int32().min(1);

/**
 * A stored state of the checkpoint folder of a task, a tar.gz,
 * with a request to fetch it that is good for some minutes.
 */
export const StoredCheckpoint = z.object({
  /** The attempt that stored it; 0 for one that was taken over from another task. */
  attempt: z.union([AttemptNumber, z.literal(0)]),
  number: CheckpointNumber,
  size_bytes: z.int().min(0),
  sha256: Sha256,
  created_at: Timestamp,
  download: SignedRequest,
});
export type StoredCheckpoint = z.output<typeof StoredCheckpoint>;

/** The response of `GET /tasks/:uuid/checkpoints`, newest first: the next attempt starts with the first one. */
export const CheckpointList = z.object({ checkpoints: z.array(StoredCheckpoint) });
export type CheckpointList = z.output<typeof CheckpointList>;
