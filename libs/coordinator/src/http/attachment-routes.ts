import { Router, type Request } from 'express';
import {
  AttachmentDownload,
  AttachmentPage,
  AttachmentQuery,
  AttachmentRef,
  CheckStorage,
  DeleteAttachments,
  DeletedAttachments,
  Name,
  StorageReport,
  StoredFile,
  UploadAttachment,
  UploadTicket,
} from '@mitosis/protocol';
import type { Authenticator } from '../auth/authenticator.js';
import type { Files } from '../files/files.js';
import { abandoned } from './parse-request.js';

export interface AttachmentRouteDeps {
  readonly authenticator: Authenticator;
  readonly files: Pick<Files, 'attachments' | 'checkStorage'>;
}

/** A group that cannot have such a name is answered like one that does not exist. */
const groupOf = (req: Request<{ group: string }>): string =>
  Name.safeParse(req.params.group).success ? req.params.group : '';

export function attachmentRoutes({ authenticator, files: { attachments, checkStorage } }: AttachmentRouteDeps): Router {
  const routes = Router();
  routes.get('/groups/:group/attachments', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(AttachmentPage.parse(await attachments.query(actor, groupOf(req), AttachmentQuery.parse(req.query))));
  });
  routes.post('/groups/:group/attachments', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res
      .status(201)
      .json(UploadTicket.parse(await attachments.beginUpload(actor, groupOf(req), UploadAttachment.parse(req.body))));
  });
  routes.post('/groups/:group/attachments/delete', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { keys } = DeleteAttachments.parse(req.body);
    res.json(DeletedAttachments.parse({ deleted: await attachments.delete(actor, groupOf(req), keys) }));
  });
  routes.get('/groups/:group/attachments/file', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(AttachmentDownload.parse(await attachments.get(actor, groupOf(req), AttachmentRef.parse(req.query).key)));
  });
  routes.put('/groups/:group/attachments/file', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { key } = AttachmentRef.parse(req.query);
    res.json(StoredFile.parse(await attachments.storeStream(actor, groupOf(req), key, req, abandoned(req))));
  });
  routes.delete('/groups/:group/attachments/file', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await attachments.deleteOne(actor, groupOf(req), AttachmentRef.parse(req.query).key);
    res.status(204).end();
  });
  routes.post('/admin/storage/check', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(StorageReport.parse(await checkStorage(actor, CheckStorage.parse(req.body))));
  });
  return routes;
}
