import { z } from 'zod';
import { attachmentKeyObjection } from '@mitosis/domain';
import { SignedRequest } from './artifacts.js';
import { GivenText, Offset, PageSize } from './conditions.js';
import { Name, Sha256, Timestamp } from './fields.js';
import { FileFacts } from './uploads.js';

/** `datasets/v1/train.tar.gz`: names joined by single slashes, at most 1,023 bytes; never above a root. */
export const AttachmentKey = z.string().superRefine((key, context) => {
  const objection = attachmentKeyObjection(key);
  if (objection !== undefined) context.addIssue({ code: 'custom', message: objection });
});

export const AttachmentView = z.object({
  group: Name,
  key: z.string(),
  size_bytes: z.int(),
  sha256: Sha256,
  creator: z.string(),
  created_at: Timestamp,
});
export type AttachmentView = z.output<typeof AttachmentView>;

/** The body of `POST /groups/:group/attachments`. */
export const UploadAttachment = FileFacts.extend({ key: AttachmentKey });
export type UploadAttachment = z.output<typeof UploadAttachment>;

/** Query string that names one attachment. */
export const AttachmentRef = z.strictObject({ key: AttachmentKey });

/** The query string of `GET /groups/:group/attachments`; sorted by key, byte by byte. */
export const AttachmentQuery = z.strictObject({
  prefix: GivenText(1023).optional(),
  limit: PageSize(),
  offset: Offset,
  /** `next` of the page before. */
  after: GivenText(1023).optional(),
  /** Count all that begin with the prefix, too. */
  count: z.stringbool().default(false),
});
export type AttachmentQuery = z.output<typeof AttachmentQuery>;

export const AttachmentPage = z.object({
  attachments: z.array(AttachmentView),
  next: z.string().nullable(),
  /** Null unless it was asked for. */
  count: z.int().nullable(),
  total_bytes: z.int().nullable(),
});
export type AttachmentPage = z.output<typeof AttachmentPage>;

/** The answer of `GET /groups/:group/attachments/file`. */
export const AttachmentDownload = AttachmentView.extend({ download: SignedRequest });
export type AttachmentDownload = z.output<typeof AttachmentDownload>;

/** The body of `POST /groups/:group/attachments/delete`. */
export const DeleteAttachments = z.strictObject({ keys: z.array(AttachmentKey).min(1).max(1000) });

/** Those that were there; a key that was not is not an error. */
export const DeletedAttachments = z.object({ deleted: z.array(z.string()) });
