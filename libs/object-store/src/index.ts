export { attachmentDisposition } from './attachment-disposition.js';
export { createObjectStore } from './create-object-store.js';
export { RelayedStore } from './relayed-store.js';
export { OBJECT_KEY_MAX, assertObjectKey } from './object-key.js';
export type {
  ByteRange,
  FolderStoreConfig,
  GetOptions,
  MultipartUpload,
  MultipartUploads,
  ObjectContent,
  ObjectInfo,
  ObjectStore,
  ObjectStoreConfig,
  PutOptions,
  S3StoreConfig,
  SignGetOptions,
  SignPutOptions,
  SignedRequest,
  SignedRequestHandler,
  StoredObject,
  UnfinishedUpload,
  UploadRef,
  UploadedPart,
} from './object-store.js';
export { OBJECT_MAX_BYTES, SINGLE_PUT_MAX_BYTES, planParts } from './part-plan.js';
export type { PartPlan } from './part-plan.js';
