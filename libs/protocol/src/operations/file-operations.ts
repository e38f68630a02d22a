import { AttachmentDownload, AttachmentPage, AttachmentQuery, AttachmentRef, DeleteAttachments, DeletedAttachments, UploadAttachment } from '../attachments.js';
import { AttemptLease, TaskInputs } from '../resources.js';
import { CheckStorage, FileFacts, MissingParts, SignAttemptParts, SignParts, SignedParts, StorageReport, StoredFile, UploadTicket } from '../uploads.js';
import type { Operation } from './operation.js';

export const FILE_OPERATIONS: readonly Operation[] = [
  { id: 'attachments.query', method: 'GET', path: '/groups/:group/attachments', summary: 'List the files of a group', access: 'attachment.read', query: AttachmentQuery, answer: AttachmentPage },
  { id: 'attachments.upload', method: 'POST', path: '/groups/:group/attachments', summary: 'Begin the upload of a file', access: 'attachment.write', request: UploadAttachment, answer: UploadTicket, status: 201 },
  { id: 'attachments.download', method: 'GET', path: '/groups/:group/attachments/file', summary: 'Describe a file and sign its download', access: 'attachment.read', query: AttachmentRef, answer: AttachmentDownload },
  { id: 'attachments.store', method: 'PUT', path: '/groups/:group/attachments/file', summary: 'Store the body of this request, whatever its length, as a file', access: 'attachment.write', query: AttachmentRef, answer: StoredFile },
  { id: 'attachments.delete', method: 'DELETE', path: '/groups/:group/attachments/file', summary: 'Delete a file', access: 'attachment.delete', query: AttachmentRef },
  { id: 'attachments.delete-batch', method: 'POST', path: '/groups/:group/attachments/delete', summary: 'Delete up to 1000 files', access: 'attachment.delete', request: DeleteAttachments, answer: DeletedAttachments },
  { id: 'uploads.missing', method: 'GET', path: '/uploads/:upload/missing', summary: 'List the parts of an upload that have not arrived', access: 'user', answer: MissingParts },
  { id: 'uploads.parts', method: 'POST', path: '/uploads/:upload/parts', summary: 'Sign parts of an upload', access: 'user', request: SignParts, answer: SignedParts },
  { id: 'uploads.complete', method: 'POST', path: '/uploads/:upload/complete', summary: 'Complete an upload: the file becomes visible', access: 'user', answer: StoredFile },
  { id: 'uploads.abandon', method: 'DELETE', path: '/uploads/:upload', summary: 'Give up an upload', access: 'user' },
  { id: 'artifacts.upload', method: 'POST', path: '/tasks/:uuid/artifacts/:kind', summary: 'Begin the upload of an artifact', access: 'task.manage', request: FileFacts, answer: UploadTicket, status: 201 },
  { id: 'artifacts.delete', method: 'DELETE', path: '/tasks/:uuid/artifacts/:kind', summary: 'Delete an artifact', access: 'task.manage' },
  { id: 'storage.check', method: 'POST', path: '/admin/storage/check', summary: 'Compare the object store with the database', access: 'storage.check', request: CheckStorage, answer: StorageReport },
  { id: 'workers.upload-missing', method: 'POST', path: '/workers/me/uploads/:upload/missing', summary: 'List the parts of an upload that have not arrived', access: 'worker', request: AttemptLease, answer: MissingParts },
  { id: 'workers.upload-parts', method: 'POST', path: '/workers/me/uploads/:upload/parts', summary: 'Sign parts of an upload', access: 'worker', request: SignAttemptParts, answer: SignedParts },
  { id: 'workers.upload-complete', method: 'POST', path: '/workers/me/uploads/:upload/complete', summary: 'Make an object of its parts', access: 'worker', request: AttemptLease },
  { id: 'workers.inputs', method: 'POST', path: '/workers/me/inputs', summary: 'Sign the downloads of the inputs of an attempt', access: 'worker', request: AttemptLease, answer: TaskInputs },
];
