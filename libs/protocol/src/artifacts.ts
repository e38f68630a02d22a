import { z } from 'zod';
import { AttemptNumber, Sha256, Timestamp, Uuid } from './fields.js';

/**
 * `result`: the result folder; `exec-log`: the working folder; `std-log`: what the task printed; `env-log`: what was
 * printed while its environment was built.
 */
export const ARTIFACT_KINDS = ['result', 'exec-log', 'std-log', 'env-log'] as const;
export const ArtifactKind = z.enum(ARTIFACT_KINDS);
export type ArtifactKind = z.output<typeof ArtifactKind>;

/** A file that was not packed, with the reason. */
export const SkippedFile = z.object({ path: z.string().max(4096), why: z.string().max(255) });

export const ArtifactView = z.object({
  kind: ArtifactKind,
  size_bytes: z.int(),
  sha256: Sha256,
  created_at: Timestamp,
  skipped: z.array(SkippedFile),
});
export type ArtifactView = z.output<typeof ArtifactView>;

/** What an attempt has produced and could not be stored, with the reason. */
export const LostProduct = z.strictObject({
  kind: z.enum([...ARTIFACT_KINDS, 'output', 'checkpoint']),
  why: z.string().max(1024),
});
export type LostProduct = z.output<typeof LostProduct>;

/** One request that needs no other credential; `url` may be relative to the coordinator's. */
export const SignedRequest = z.object({
  method: z.enum(['GET', 'PUT']),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  expires_at: Timestamp,
  /** Where to send the same request, without `headers`, when `url` can't be reached: a path of the coordinator. */
  relay_url: z.string().optional(),
});
export type SignedRequest = z.output<typeof SignedRequest>;

/** The answer of `GET /tasks/:uuid/artifacts/:kind`. */
export const ArtifactDownload = ArtifactView.extend({ task: Uuid, download: SignedRequest });
export type ArtifactDownload = z.output<typeof ArtifactDownload>;

/** What a worker asks for before it uploads something of an attempt. */
export const UploadRequest = z
  .strictObject({
    task: Uuid,
    attempt: AttemptNumber,
    lease: Uuid,
    kind: z.enum([...ARTIFACT_KINDS, 'output', 'checkpoint']),
    /** Of a checkpoint: which one of its attempt, from 1. */
    number: z.int32().min(1).optional(),
    size_bytes: z.int().min(0),
    sha256: Sha256,
  })
  .refine(({ kind, number }) => (kind === 'checkpoint') === (number !== undefined), {
    path: ['number'],
    message: 'a checkpoint has a number, nothing else has',
  });
export type UploadRequest = z.output<typeof UploadRequest>;
