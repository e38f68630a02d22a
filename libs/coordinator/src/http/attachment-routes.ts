import { operations, StoredFile } from '@mitosis/protocol';
import type { Attachments } from '../files/attachments.js';
import type { checkStorageWith } from '../files/check-storage.js';
import type { ApiRouter } from './api-router.js';

export interface AttachmentRouteDeps {
  readonly attachments: Attachments;
  readonly checkStorage: ReturnType<typeof checkStorageWith>;
}

export function attachmentRoutes(api: ApiRouter, { attachments, checkStorage }: AttachmentRouteDeps): void {
  const ops = operations.attachments;
  api.mount(ops.query, ({ actor, params, query }) => attachments.query(actor, params.group, query));
  api.mount(ops.upload, ({ actor, params, body }) => attachments.beginUpload(actor, params.group, body));
  api.mount(ops.deleteBatch, async ({ actor, params, body }) => ({
    deleted: await attachments.delete(actor, params.group, body.keys),
  }));
  api.mount(ops.download, ({ actor, params, query }) => attachments.get(actor, params.group, query.key));
  // The body is the file, of any length: it is stored as it arrives.
  api.mountRaw(ops.store, async ({ actor, params, query, signal, req, res }) => {
    res.json(StoredFile.parse(await attachments.storeStream(actor, params.group, query.key, req, signal)));
  });
  api.mount(ops.delete, ({ actor, params, query }) => attachments.deleteOne(actor, params.group, query.key));
  api.mount(operations.storage.check, ({ actor, body }) => checkStorage(actor, body));
}
