import { Router } from 'express';
import {
  ArtifactKind,
  AttemptLease,
  FileFacts,
  MissingParts,
  SignAttemptParts,
  SignedParts,
  SignParts,
  StoredFile,
  TaskInputs,
  UploadRequest,
  UploadTicket,
} from '@mitosis/protocol';
import type { Authenticator } from '../auth/authenticator.js';
import type { Files } from '../files/files.js';
import { whileLeased, type ResumeAttempts } from '../tasks/resume-attempts.js';
import { uuidParam } from './parse-request.js';

export interface UploadRouteDeps {
  readonly authenticator: Authenticator;
  readonly files: Pick<Files, 'artifacts' | 'peopleUploads' | 'attemptUploads' | 'inputs'>;
}

/** Uploads under way, and what people do with artifacts. */
export function uploadRoutes({ authenticator, files: { artifacts, peopleUploads } }: UploadRouteDeps): Router {
  const routes = Router();
  const kindOf = (text: string): ArtifactKind =>
    ArtifactKind.parse(text, { error: () => 'use result, exec-log or std-log' });
  routes.post('/tasks/:uuid/artifacts/:kind', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const facts = FileFacts.parse(req.body);
    res
      .status(201)
      .json(
        UploadTicket.parse(await artifacts.beginUpload(actor, uuidParam(req, 'uuid'), kindOf(req.params.kind), facts)),
      );
  });
  routes.delete('/tasks/:uuid/artifacts/:kind', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await artifacts.delete(actor, uuidParam(req, 'uuid'), kindOf(req.params.kind));
    res.status(204).end();
  });
  routes.get('/uploads/:upload/missing', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(MissingParts.parse(await peopleUploads.missing(actor, uuidParam(req, 'upload'))));
  });
  routes.post('/uploads/:upload/parts', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { part_numbers: numbers } = SignParts.parse(req.body);
    res.json(SignedParts.parse(await peopleUploads.signParts(actor, uuidParam(req, 'upload'), numbers)));
  });
  routes.post('/uploads/:upload/complete', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(StoredFile.parse(await peopleUploads.complete(actor, uuidParam(req, 'upload'))));
  });
  routes.delete('/uploads/:upload', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await peopleUploads.abandon(actor, uuidParam(req, 'upload'));
    res.status(204).end();
  });
  return routes;
}

/** What the worker of an attempt fetches and stores; the lease in each request is what counts. */
export function attemptFileRoutes({
  authenticator,
  files: { attemptUploads, inputs },
  resumeAttempts,
}: UploadRouteDeps & { readonly resumeAttempts: ResumeAttempts }): Router {
  const routes = Router();
  const leased = <T>({ task, attempt, lease }: AttemptLease, call: () => Promise<T>): Promise<T> =>
    whileLeased(resumeAttempts, { task, attempt, lease }, call);
  routes.post('/workers/me/inputs', async (req, res) => {
    await authenticator.worker(req.get('authorization'));
    const lease = AttemptLease.parse(req.body);
    res.json(TaskInputs.parse({ inputs: await leased(lease, () => inputs.list(lease)) }));
  });
  routes.post('/workers/me/uploads', async (req, res) => {
    await authenticator.worker(req.get('authorization'));
    const request = UploadRequest.parse(req.body);
    res.json(UploadTicket.parse(await leased(request, () => attemptUploads.begin(request))));
  });
  routes.post('/workers/me/uploads/:upload/missing', async (req, res) => {
    await authenticator.worker(req.get('authorization'));
    const lease = AttemptLease.parse(req.body);
    const upload = uuidParam(req, 'upload');
    res.json(MissingParts.parse(await leased(lease, () => attemptUploads.missing(upload, lease))));
  });
  routes.post('/workers/me/uploads/:upload/parts', async (req, res) => {
    await authenticator.worker(req.get('authorization'));
    const { part_numbers: numbers, ...lease } = SignAttemptParts.parse(req.body);
    const upload = uuidParam(req, 'upload');
    res.json(SignedParts.parse(await leased(lease, () => attemptUploads.signParts(upload, lease, numbers))));
  });
  routes.post('/workers/me/uploads/:upload/complete', async (req, res) => {
    await authenticator.worker(req.get('authorization'));
    const lease = AttemptLease.parse(req.body);
    const upload = uuidParam(req, 'upload');
    await leased(lease, () => attemptUploads.complete(upload, lease));
    res.status(204).end();
  });
  return routes;
}
