import { z } from 'zod';
import { attachmentKeyObjection, resourcePathObjection } from '@mitosis/domain';
import { ArtifactKind, SignedRequest } from './artifacts.js';
import { StoredCheckpoint } from './checkpoints.js';
import { ClaimedCode } from './code.js';
import { AttemptNumber, Sha256, Uuid } from './fields.js';

const checked = (objectionTo: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const message = objectionTo(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** Where it is placed below `MITO_RESOURCE_DIR`; with `unpack` the folder that the archive is unpacked into. */
const placement = { path: checked(resourcePathObjection), unpack: z.boolean().default(false) };

/** An input of a task: a file of its group, or what another task has produced. */
export const TaskResource = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('attachment'), key: checked(attachmentKeyObjection), ...placement }),
  z.strictObject({ from: z.literal('artifact'), task: Uuid, kind: ArtifactKind, ...placement }),
]);
export type TaskResource = z.output<typeof TaskResource>;

const RESOURCES_MAX = 64;

/** The inputs of a task; no two may be placed where one would cover the other. */
export const TaskResources = z
  .array(TaskResource)
  .max(RESOURCES_MAX)
  .superRefine((resources, context) => {
    const paths = resources.map(({ path }) => path);
    const clash = paths.findIndex((path, index) =>
      paths.some((other, at) => at !== index && (other === path || other.startsWith(`${path}/`))),
    );
    if (clash !== -1)
      context.addIssue({ code: 'custom', path: [clash, 'path'], message: `"${paths[clash]}" is used twice` });
  });

/** A worker shows that the attempt is its own. */
export const AttemptLease = z.strictObject({ task: Uuid, attempt: AttemptNumber, lease: Uuid });
export type AttemptLease = z.output<typeof AttemptLease>;

/** One input, with a request to fetch it that is good for some minutes. */
export const TaskInput = z.object({
  path: z.string(),
  unpack: z.boolean(),
  size_bytes: z.int().min(0),
  sha256: Sha256,
  download: SignedRequest,
});
export type TaskInput = z.output<typeof TaskInput>;

/** The answer of `POST /workers/me/inputs`. */
export const TaskInputs = z.object({
  inputs: z.array(TaskInput),
  code: ClaimedCode.nullable().default(null),
  /** Newest first. */
  checkpoints: z.array(StoredCheckpoint).default([]),
});
export type TaskInputs = z.output<typeof TaskInputs>;
