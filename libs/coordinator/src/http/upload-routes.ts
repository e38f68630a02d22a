import { operations, type AttemptLease } from '@mitosis/protocol';
import type { AttemptUploads } from '../attempts/attempt-uploads.js';
import { whileLeased, type ResumeAttempts } from '../attempts/resume-attempts.js';
import type { Checkpoints } from '../files/checkpoints.js';
import type { PeopleUploads } from '../files/people-uploads.js';
import type { TaskArtifacts } from '../files/task-artifacts.js';
import type { TaskInputs } from '../files/task-inputs.js';
import type { ApiRouter } from './api-router.js';

export interface UploadRouteDeps {
  readonly artifacts: TaskArtifacts;
  readonly checkpoints: Checkpoints;
  readonly peopleUploads: PeopleUploads;
}

export interface AttemptFileRouteDeps {
  readonly attemptUploads: AttemptUploads;
  readonly checkpoints: Checkpoints;
  readonly inputs: TaskInputs;
  readonly resumeAttempts: ResumeAttempts;
}

/** Uploads under way, and what people do with artifacts and checkpoints. */
export function uploadRoutes(api: ApiRouter, { artifacts, checkpoints, peopleUploads }: UploadRouteDeps): void {
  const { artifacts: stored, checkpoints: states, uploads } = operations;
  api.mount(stored.upload, ({ actor, params, body }) => artifacts.beginUpload(actor, params.uuid, params.kind, body));
  api.mount(stored.delete, ({ actor, params }) => artifacts.delete(actor, params.uuid, params.kind));
  api.mount(states.list, async ({ actor, params }) => ({ checkpoints: await checkpoints.read(actor, params.uuid) }));
  api.mount(states.delete, ({ actor, params }) => checkpoints.delete(actor, params.uuid));
  api.mount(uploads.missing, ({ actor, params }) => peopleUploads.missing(actor, params.upload));
  api.mount(uploads.parts, ({ actor, params, body }) =>
    peopleUploads.signParts(actor, params.upload, body.part_numbers),
  );
  api.mount(uploads.complete, ({ actor, params }) => peopleUploads.complete(actor, params.upload));
  api.mount(uploads.abandon, ({ actor, params }) => peopleUploads.abandon(actor, params.upload));
}

/** What the worker of an attempt fetches and stores; the lease in each request is what counts. */
export function attemptFileRoutes(
  api: ApiRouter,
  { attemptUploads, checkpoints, inputs, resumeAttempts }: AttemptFileRouteDeps,
): void {
  const ops = operations.workers;
  const leased = <T>({ task, attempt, lease }: AttemptLease, call: () => Promise<T>): Promise<T> =>
    whileLeased(resumeAttempts, { task, attempt, lease }, call);
  api.mount(ops.inputs, ({ body }) => leased(body, () => inputs.list(body)));
  api.mount(ops.storeCheckpoint, ({ body }) => leased(body, () => checkpoints.publish(body)));
  api.mount(ops.upload, ({ body }) => leased(body, () => attemptUploads.begin(body)));
  api.mount(ops.uploadMissing, ({ params, body }) => leased(body, () => attemptUploads.missing(params.upload, body)));
  api.mount(ops.uploadParts, ({ params, body: { part_numbers: numbers, ...lease } }) =>
    leased(lease, () => attemptUploads.signParts(params.upload, lease, numbers)),
  );
  api.mount(ops.uploadComplete, ({ params, body }) => leased(body, () => attemptUploads.complete(params.upload, body)));
}
